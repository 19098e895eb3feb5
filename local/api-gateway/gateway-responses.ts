/** What API Gateway says by itself, when a request does not reach a function or the function answers nonsense. */

/** Status and message where the template sets none. Observed, and https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html */
const defaults = {
  ACCESS_DENIED: [403, 'AccessDeniedException', 'Forbidden'],
  EXPIRED_TOKEN: [401, 'UnauthorizedException', 'The incoming token has expired'],
  INTEGRATION_FAILURE: [502, 'InternalServerErrorException', 'Internal server error'],
  INTEGRATION_TIMEOUT: [504, 'InternalServerErrorException', 'Endpoint request timed out'],
  API_CONFIGURATION_ERROR: [500, 'InternalServerErrorException', 'Internal server error'],
  INVALID_SIGNATURE: [403, 'InvalidSignatureException', 'The request signature is not valid'],
  MISSING_AUTHENTICATION_TOKEN: [403, 'MissingAuthenticationTokenException', 'Missing Authentication Token'],
  REQUEST_TOO_LARGE: [413, 'RequestTooLargeException', 'HTTP content length exceeded 10485760 bytes.'],
  THROTTLED: [429, 'TooManyRequestsException', 'Too Many Requests'],
  UNAUTHORIZED: [401, 'UnauthorizedException', 'Unauthorized'],
} as const;

export type RefusalType = keyof typeof defaults;

/** A refusal, in words of its own where those that its type has by default would not say enough. */
export interface Refusal {
  readonly type: RefusalType;
  readonly errorType?: string;
  readonly message?: string;
}

export interface GatewayResponse {
  readonly statusCode?: number;
  /** Header name → `'static'`, `method.request.header.Name` or `context.requestId`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly template?: string;
}

export type GatewayResponses = ReadonlyMap<string, GatewayResponse>;

export interface RefusedRequest {
  readonly requestId: string;
  readonly header: (name: string) => string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string | Buffer;
}

const plainTemplate = '{"message":$context.error.messageString}';

/** The answer to a request refused for one of API Gateway's reasons. */
export function refusal(
  responses: GatewayResponses,
  refused: RefusalType | Refusal,
  request: RefusedRequest,
): Answer {
  const { type, ...own }: Refusal = typeof refused === 'string' ? { type: refused } : refused;
  const [defaultStatus, defaultErrorType, defaultMessage] = defaults[type];
  const { errorType = defaultErrorType, message = defaultMessage } = own;
  const fallback = defaultStatus < 500 ? 'DEFAULT_4XX' : 'DEFAULT_5XX';
  const response = responses.get(type) ?? responses.get(fallback) ?? { headers: {} };
  const mapped = Object.entries(response.headers)
    .map(([name, source]) => [name.toLowerCase(), valueOf(source, request)] as const)
    .filter((entry): entry is [string, string] => entry[1] !== undefined);
  const variables = variablesOf({ type, message, requestId: request.requestId });
  return {
    status: response.statusCode ?? defaultStatus,
    headers: {
      'content-type': 'application/json',
      'x-amzn-errortype': errorType,
      ...Object.fromEntries(mapped),
    },
    body: fill(response.template ?? plainTemplate, (name) => variables[name] ?? ''),
  };
}

/** Reads an `AWS::ApiGateway::GatewayResponse`. Throws for what a local answer could not keep. */
export function readGatewayResponse(properties: {
  readonly StatusCode?: string;
  readonly ResponseParameters?: Readonly<Record<string, string>>;
  readonly ResponseTemplates?: Readonly<Record<string, string>>;
}): GatewayResponse {
  const parameters = Object.entries(properties.ResponseParameters ?? {}).map(([target, source]) => {
    const [, name] = /^gatewayresponse\.header\.(.+)$/.exec(target) ?? [];
    if (name === undefined || !isSource(source)) {
      throw new Error(`the mapping of ${source} to ${target} is not supported`);
    }
    return [name, source] as const;
  });
  const template = properties.ResponseTemplates?.['application/json'];
  if (template !== undefined) refuseUnknownVariables(template);
  return {
    headers: Object.fromEntries(parameters),
    ...(properties.StatusCode !== undefined && { statusCode: Number(properties.StatusCode) }),
    ...(template !== undefined && { template }),
  };
}

function isSource(source: string): boolean {
  return /^'.*'$/s.test(source) || /^method\.request\.header\.[\w-]+$/.test(source);
}

function valueOf(source: string, request: RefusedRequest): string | undefined {
  const [, literal] = /^'(.*)'$/s.exec(source) ?? [];
  return literal ?? request.header(source.slice('method.request.header.'.length));
}

function variablesOf(error: {
  readonly type: RefusalType;
  readonly message: string;
  readonly requestId: string;
}): Readonly<Record<string, string>> {
  return {
    'error.message': error.message,
    'error.messageString': JSON.stringify(error.message),
    'error.responseType': error.type,
    requestId: error.requestId,
  };
}

function fill(template: string, variable: (name: string) => string): string {
  return template.replace(/\$context\.([A-Za-z]+(?:\.[A-Za-z]+)?)/g, (_match, name: string) =>
    variable(name),
  );
}

function refuseUnknownVariables(template: string): void {
  const known = Object.keys(variablesOf({ type: 'UNAUTHORIZED', message: '', requestId: '' }));
  const rest = fill(template, (name) => (known.includes(name) ? '' : `$context.${name}`));
  const [unknown] = /[$#][A-Za-z.]+/.exec(rest) ?? [];
  if (unknown !== undefined) throw new Error(`${unknown} in a response template is not supported`);
}
