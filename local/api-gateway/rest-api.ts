import type { Resolver } from '../cloudformation/resolver.ts';
import type { LambdaFunction } from '../lambda/function.ts';
import { type Authorizer, createAuthorizer, type UserPoolKeys } from './authorizer.ts';
import type { IamAuthorizer } from './iam-authorizer.ts';
import { type GatewayResponses, readGatewayResponse } from './gateway-responses.ts';
import { type Preflight, readPreflight } from './preflight.ts';
import type { ThrottleSettings } from '../throttle.ts';

export interface Route {
  /** `ANY` stands for each. */
  readonly method: string;
  /** `/sessions/{sessionId}` */
  readonly resourcePath: string;
  readonly resourceId: string;
  /** Whether a viewer may come. */
  readonly authorizer: Authorizer | undefined;
  /** Whether somebody of the AWS account may. */
  readonly iam?: IamAuthorizer | undefined;
  /** Its own limit; without one it shares the stage's. */
  readonly throttle: ThrottleSettings | undefined;
  readonly integration:
    | { readonly kind: 'lambda'; readonly target: LambdaFunction; readonly timeoutMs: number }
    | { readonly kind: 'preflight'; readonly preflight: Preflight };
}

/** What the template says about its REST API, ready to be served. */
export interface RestApi {
  readonly id: string;
  readonly stageName: string;
  readonly stageVariables: Readonly<Record<string, string>> | undefined;
  readonly binaryMediaTypes: readonly string[];
  /** Edge-optimised: CloudFront stands before it and says the viewer's country. */
  readonly edge: boolean;
  /** Of all routes together that have no limit of their own. */
  readonly throttle: ThrottleSettings | undefined;
  readonly routes: readonly Route[];
  readonly gatewayResponses: GatewayResponses;
}

export interface RestApiSurroundings {
  readonly resolver: Resolver;
  readonly userPools: UserPoolKeys;
  /** For methods with the authorization AWS_IAM. */
  readonly iam: IamAuthorizer;
  /** By ARN. */
  readonly functions: ReadonlyMap<string, LambdaFunction>;
  readonly idOf: (logicalId: string) => string;
}

/** API Gateway's own limit, and its default. */
const integrationTimeoutMs = 29_000;

/** Reads the template's one REST API, or undefined where it has none. Throws, naming the resource it cannot honour. */
export function readRestApi(surroundings: RestApiSurroundings): RestApi | undefined {
  const { resolver, idOf } = surroundings;
  const [found, second] = resolver.resources('AWS::ApiGateway::RestApi');
  if (found === undefined) return undefined;
  if (second !== undefined) throw new Error(`${second[0]}: one REST API per template is supported`);
  const [logicalId] = found;
  const { BinaryMediaTypes, EndpointConfiguration } = resolver.properties(logicalId) as {
    readonly BinaryMediaTypes?: readonly string[];
    readonly EndpointConfiguration?: { readonly Types?: readonly string[] };
  };
  const { throttles, ...stage } = readStage(resolver);
  const routes = readRoutes(surroundings);
  requireRoutes(resolver, throttles, routes);
  return {
    id: idOf(logicalId),
    ...stage,
    throttle: throttles.get('* /*'),
    binaryMediaTypes: BinaryMediaTypes ?? [],
    edge: EndpointConfiguration?.Types?.[0] !== 'REGIONAL',
    routes: routes.map((route) => ({
      ...route,
      throttle: throttles.get(`${route.method} ${route.resourcePath}`),
    })),
    gatewayResponses: new Map(
      of(resolver, 'AWS::ApiGateway::GatewayResponse', ({ properties }) => [
        String(properties['ResponseType']),
        readGatewayResponse(properties as Parameters<typeof readGatewayResponse>[0]),
      ]),
    ),
  };
}

/** By route, `GET /token`; `* /*` is the one of all the others. */
type Throttles = ReadonlyMap<string, ThrottleSettings>;

function readStage(
  resolver: Resolver,
): Pick<RestApi, 'stageName' | 'stageVariables'> & { readonly throttles: Throttles } {
  const stages = of(resolver, 'AWS::ApiGateway::Stage', ({ properties }) => properties);
  const [stage, second] = stages;
  if (stage === undefined || second !== undefined) {
    throw new Error(`A REST API is supported with exactly one stage; the template has ${stages.length}`);
  }
  const { StageName, Variables, MethodSettings } = stage as {
    readonly StageName: string;
    readonly Variables?: Readonly<Record<string, string>>;
    readonly MethodSettings?: readonly MethodSetting[];
  };
  return {
    stageName: StageName,
    stageVariables: Variables,
    throttles: new Map(MethodSettings?.flatMap(throttleIn)),
  };
}

interface MethodSetting {
  readonly HttpMethod: string;
  /** `/*`, or a slash and then the path, whose slashes are written `~1` as in a JSON pointer. */
  readonly ResourcePath: string;
  readonly ThrottlingRateLimit?: number;
  readonly ThrottlingBurstLimit?: number;
}

function throttleIn({
  HttpMethod: method,
  ResourcePath,
  ThrottlingRateLimit: rate,
  ThrottlingBurstLimit: burst,
}: MethodSetting): readonly (readonly [route: string, ThrottleSettings])[] {
  if (rate === undefined || burst === undefined) return [];
  const path = ResourcePath === '/*' ? ResourcePath : ResourcePath.slice(1).replaceAll('~1', '/');
  return [[`${method} ${path || '/'}`, { rate, burst }]];
}

/** API Gateway refuses a setting for what is no route of the API; and some patterns that mean several. */
function requireRoutes(
  resolver: Resolver,
  throttles: Throttles,
  routes: readonly Omit<Route, 'throttle'>[],
): void {
  const known = new Set(['* /*', ...routes.map(({ method, resourcePath }) => `${method} ${resourcePath}`)]);
  const stray = [...throttles.keys()].find((route) => !known.has(route));
  if (stray === undefined) return;
  const [[stage] = []] = resolver.resources('AWS::ApiGateway::Stage');
  throw new Error(`${stage} (AWS::ApiGateway::Stage): MethodSettings: ${stray} is no route of the REST API`);
}

function readRoutes({
  resolver,
  userPools,
  iam,
  functions,
  idOf,
}: RestApiSurroundings): readonly Omit<Route, 'throttle'>[] {
  const paths = readPaths(resolver, idOf);
  const authorizers = new Map(
    of(resolver, 'AWS::ApiGateway::Authorizer', ({ logicalId, properties }) => [
      idOf(logicalId),
      createAuthorizer(userPools, properties['ProviderARNs'] as readonly string[]),
    ]),
  );
  return of(resolver, 'AWS::ApiGateway::Method', ({ properties }) => {
    const { HttpMethod, ResourceId, AuthorizationType, AuthorizerId, Integration } = properties as {
      readonly HttpMethod: string;
      readonly ResourceId: string;
      readonly AuthorizationType?: string;
      readonly AuthorizerId?: string;
      readonly Integration: Parameters<typeof readPreflight>[0] & {
        readonly Type: string;
        readonly Uri?: string;
        readonly TimeoutInMillis?: number;
      };
    };
    const authorizer = authorizers.get(AuthorizerId ?? '');
    if (AuthorizationType === 'COGNITO_USER_POOLS' && authorizer === undefined) {
      throw new Error(`there is no authorizer ${AuthorizerId}`);
    }
    return {
      method: HttpMethod,
      resourcePath: paths.get(ResourceId) ?? '/',
      resourceId: ResourceId,
      authorizer,
      iam: AuthorizationType === 'AWS_IAM' ? iam : undefined,
      integration:
        Integration.Type === 'MOCK'
          ? { kind: 'preflight', preflight: readPreflight(Integration) }
          : {
              kind: 'lambda',
              target: targetOf(functions, Integration.Uri ?? ''),
              timeoutMs: Integration.TimeoutInMillis ?? integrationTimeoutMs,
            },
    };
  });
}

/** The full path of each resource, by its id. */
function readPaths(resolver: Resolver, idOf: (logicalId: string) => string): ReadonlyMap<string, string> {
  const parts = new Map(
    of(resolver, 'AWS::ApiGateway::Resource', ({ logicalId, properties }) => [
      idOf(logicalId),
      { parent: String(properties['ParentId']), part: String(properties['PathPart']) },
    ]),
  );
  const pathOf = (id: string): string => {
    const own = parts.get(id);
    return own === undefined ? '' : `${pathOf(own.parent)}/${own.part}`;
  };
  return new Map([...parts.keys()].map((id) => [id, pathOf(id)]));
}

function targetOf(functions: ReadonlyMap<string, LambdaFunction>, uri: string): LambdaFunction {
  const [, arn] = /\/functions\/(arn:[^/]+)\/invocations$/.exec(uri) ?? [];
  const target = functions.get(arn ?? '');
  if (target === undefined) throw new Error(`Integration.Uri ${uri} names no function of the template`);
  return target;
}

function of<T>(
  resolver: Resolver,
  type: string,
  read: (resource: {
    readonly logicalId: string;
    readonly properties: Readonly<Record<string, unknown>>;
  }) => T,
): T[] {
  return resolver.resources(type).map(([logicalId]) => {
    try {
      return read({ logicalId, properties: resolver.properties(logicalId) });
    } catch (cause) {
      throw new Error(`${logicalId} (${type}): ${(cause as Error).message}`, { cause });
    }
  });
}
