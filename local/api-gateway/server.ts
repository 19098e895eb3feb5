import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { throttledType } from '../lambda/function.ts';
import { listen, type Listening, readBody } from '../loopback.ts';
import { type Answer, refusal, type Refusal, type RefusalType } from './gateway-responses.ts';
import { answerPreflight } from './preflight.ts';
import { proxyEvent, type ProxySurroundings } from './proxy-event.ts';
import { readProxyResponse } from './proxy-response.ts';
import { type GatewayRequest, readRequest } from './request.ts';
import type { RestApi, Route } from './rest-api.ts';
import { findRoute, type Match } from './routes.ts';
import { createThrottle } from '../throttle.ts';

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html */
const payloadLimitBytes = 10_485_760;

export interface RestApiServer extends Listening {
  /** From now on requests are answered; the functions have to know the address before they can be there. */
  serve(api: RestApi): void;
}

/** API Gateway on an origin of its own: the API stands under `/{stage}`. */
export async function startRestApiServer({
  port = 0,
  log,
}: {
  readonly port?: number | undefined;
  /** Hears why a request failed, as API Gateway's execution log does. */
  readonly log: (line: string) => void;
}): Promise<RestApiServer> {
  let answer: ((message: IncomingMessage) => Promise<{ requestId: string; answer: Answer }>) | undefined;
  const server = createServer((message, response) => {
    const answered = answer === undefined ? Promise.reject(new Error('too early')) : answer(message);
    answered
      .then((result) => send(response, result))
      .catch((error: unknown) => {
        log(`a request was cut short: ${String(error)}`);
        response.destroy();
      });
  });
  const listening = await listen(server, port);
  return {
    ...listening,
    serve(api) {
      const admits = throttlesOf(api);
      answer = (message) => handle({ api, admits, log }, message);
    },
  };
}

/** A bucket for each route that has a limit of its own, and one for all the others. */
function throttlesOf(api: RestApi): Serving['admits'] {
  const bucket = (settings: RestApi['throttle']) =>
    settings ? createThrottle({ now: Date.now }, settings) : () => true;
  const others = bucket(api.throttle);
  const own = new Map(api.routes.map((route) => [route, route.throttle ? bucket(route.throttle) : others]));
  return (route) => (own.get(route) ?? others)();
}

interface Serving {
  readonly api: RestApi;
  readonly admits: (route: Route) => boolean;
  readonly log: (line: string) => void;
}

async function handle(
  serving: Serving,
  message: IncomingMessage,
): Promise<{ readonly requestId: string; readonly answer: Answer }> {
  const { api } = serving;
  const { pathname, searchParams } = targetOf(message);
  const stagePath = `/${api.stageName}`;
  const isBelow = pathname === stagePath || pathname.startsWith(`${stagePath}/`);
  const body = await readBody(message, payloadLimitBytes);
  const request = readRequest(message, {
    path: isBelow ? pathname.slice(stagePath.length) || '/' : pathname,
    query: searchParams,
    body: body ?? Buffer.alloc(0),
    edge: api.edge,
  });
  const result = await decide(serving, request, { isBelow, isTooLarge: body === undefined });
  const isAnswer = typeof result === 'object' && 'status' in result;
  const answer = isAnswer ? result : refusal(api.gatewayResponses, result, request);
  return { requestId: request.requestId, answer };
}

/** Resolved against an origin, a path that begins with two slashes would be read as a host's name, or as none at all. */
function targetOf({ url = '/' }: IncomingMessage): URL {
  return new URL(`http://loopback${url.startsWith('/') ? url : '/'}`);
}

/** API Gateway's order: the route, the limits, the token or the signature, and then the integration. */
async function decide(
  serving: Serving,
  request: GatewayRequest,
  { isBelow, isTooLarge }: { readonly isBelow: boolean; readonly isTooLarge: boolean },
): Promise<Answer | RefusalType | Refusal> {
  if (isTooLarge) return 'REQUEST_TOO_LARGE';
  const match = isBelow ? findRoute(serving.api.routes, request.method, request.path) : undefined;
  if (match === undefined) return 'MISSING_AUTHENTICATION_TOKEN';
  if (!serving.admits(match.route)) return 'THROTTLED';

  const { authorizer, iam, integration } = match.route;
  const authorization = await authorizer?.(request.header('authorization'));
  if (authorization?.allowed === false) return authorization.reason;
  if (integration.kind === 'preflight') {
    return answerPreflight(integration.preflight, request.header('origin'));
  }
  const { id, stageName } = serving.api;
  const identified = iam?.(request, `${id}/${stageName}/${request.method}${request.path}`);
  if (identified && 'refused' in identified) return identified.refused;
  return invoke(serving, request, match, integration, {
    claims: authorization?.claims,
    caller: identified?.caller,
  });
}

async function invoke(
  { api, log }: Serving,
  request: GatewayRequest,
  { route, pathParameters }: Match<Route>,
  { target, timeoutMs }: Extract<Route['integration'], { kind: 'lambda' }>,
  who: Pick<ProxySurroundings, 'claims' | 'caller'>,
): Promise<Answer | RefusalType> {
  const where = `${request.method} ${route.resourcePath}`;
  const event = proxyEvent(request, { ...api, ...route, apiId: api.id, pathParameters, ...who });
  const outcome = await within(timeoutMs, target.invoke(JSON.stringify(event)));
  if (outcome === undefined) {
    log(`${where}: ${target.name} did not answer within ${timeoutMs} ms`);
    return 'INTEGRATION_TIMEOUT';
  }
  if (!outcome.ok) {
    log(`${where}: ${target.name} failed with ${outcome.error.errorType}`);
    return outcome.error.errorType === throttledType ? 'API_CONFIGURATION_ERROR' : 'INTEGRATION_FAILURE';
  }
  const answer = readProxyResponse(outcome.payload, {
    binaryMediaTypes: api.binaryMediaTypes,
    accept: request.header('accept'),
  });
  if (answer === undefined) log(`${where}: malformed Lambda proxy response from ${target.name}`);
  return answer ?? 'INTEGRATION_FAILURE';
}

function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function send(
  response: ServerResponse,
  { requestId, answer }: { readonly requestId: string; readonly answer: Answer },
): void {
  const { status, headers, body } = answer;
  const own = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  );
  response
    .writeHead(status, {
      'x-amzn-requestid': requestId,
      'x-amz-apigw-id': 'local',
      ...(status !== 204 && { 'content-length': Buffer.byteLength(body) }),
      ...own,
    })
    .end(body);
}
