import { commonLogTime } from '../common-log-time.ts';
import type { Caller } from './iam-authorizer.ts';
import type { GatewayRequest } from './request.ts';

export interface ProxySurroundings {
  readonly apiId: string;
  readonly stageName: string;
  readonly stageVariables: Readonly<Record<string, string>> | undefined;
  readonly binaryMediaTypes: readonly string[];
  readonly resourceId: string;
  readonly resourcePath: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly claims: Readonly<Record<string, string>> | undefined;
  readonly caller?: Caller | undefined;
}

/** The event of a Lambda proxy integration, with every field that the REST API's format names. */
export function proxyEvent(request: GatewayRequest, surroundings: ProxySurroundings): object {
  const { stageName, resourcePath, pathParameters, claims, caller } = surroundings;
  const query = [...request.query];
  const isBase64Encoded = request.body.length > 0 && isBinary(surroundings.binaryMediaTypes, request);
  return {
    resource: resourcePath,
    path: request.path,
    httpMethod: request.method,
    headers: Object.fromEntries(request.headers),
    multiValueHeaders: grouped(request.headers),
    queryStringParameters: query.length > 0 ? Object.fromEntries(query) : null,
    multiValueQueryStringParameters: query.length > 0 ? grouped(query) : null,
    pathParameters: Object.keys(pathParameters).length > 0 ? pathParameters : null,
    stageVariables: surroundings.stageVariables ?? null,
    requestContext: {
      resourceId: surroundings.resourceId,
      ...(claims && { authorizer: { claims } }),
      resourcePath,
      httpMethod: request.method,
      extendedRequestId: request.requestId,
      requestTime: commonLogTime(request.receivedAtMs),
      path: `/${stageName}${request.path}`,
      accountId: '000000000000',
      protocol: 'HTTP/1.1',
      stage: stageName,
      domainPrefix: surroundings.apiId,
      requestTimeEpoch: request.receivedAtMs,
      requestId: request.requestId,
      identity: identity(request, caller),
      domainName: request.header('host'),
      deploymentId: 'local',
      apiId: surroundings.apiId,
    },
    body: request.body.length > 0 ? request.body.toString(isBase64Encoded ? 'base64' : 'utf8') : null,
    isBase64Encoded,
  };
}

function identity({ sourceIp, header }: GatewayRequest, caller: Caller | undefined): object {
  return {
    cognitoIdentityPoolId: null,
    accountId: caller ? '000000000000' : null,
    cognitoIdentityId: null,
    caller: caller?.accessKeyId ?? null,
    sourceIp,
    principalOrgId: null,
    accessKey: caller?.accessKeyId ?? null,
    cognitoAuthenticationType: null,
    cognitoAuthenticationProvider: null,
    userArn: caller?.arn ?? null,
    userAgent: header('user-agent') ?? null,
    user: caller?.accessKeyId ?? null,
  };
}

function isBinary(binaryMediaTypes: readonly string[], { header }: GatewayRequest): boolean {
  const mediaType = (header('content-type') ?? 'application/json').split(';')[0]?.trim() ?? '';
  return binaryMediaTypes.includes('*/*') || binaryMediaTypes.includes(mediaType);
}

function grouped(pairs: readonly (readonly [string, string])[]): Readonly<Record<string, readonly string[]>> {
  const names = new Set(pairs.map(([name]) => name));
  return Object.fromEntries(
    [...names].map((name) => [name, pairs.filter((pair) => pair[0] === name).map((pair) => pair[1])]),
  );
}
