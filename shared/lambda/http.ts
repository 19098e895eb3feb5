import middy from '@middy/core';
import cors from '@middy/http-cors';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { isAccountId } from '../domain/ids.ts';
import { setting } from '../env.ts';
import { Malformed } from '../errors.ts';
import { describe, logger } from './log.ts';
import { problemOf, Refused } from './problems.ts';

/** A request as our routes read it. */
export interface HttpRequest {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** The bytes as they were sent, which a signature covers. */
  readonly body: Buffer;
}

/** A request of a signed-in viewer. */
export interface ViewerRequest extends HttpRequest {
  readonly accountId: string;
}

export interface HttpReply {
  readonly status: number;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const LARGEST_BODY_BYTES = 16 * 1024;

/** A handler for a route that anyone may call. */
export function open(answer: (request: HttpRequest) => Promise<HttpReply>) {
  return stack((event) => answer(requestOf(event)));
}

/** A handler for a route behind the Cognito authorizer, which has verified the ID token. */
export function viewer(answer: (request: ViewerRequest) => Promise<HttpReply>) {
  return stack(async (event) => answer({ ...requestOf(event), accountId: accountOf(event) }));
}

/** The JSON in a request's body. @throws Malformed, without quoting the body. */
export function jsonOf({ body }: Pick<HttpRequest, 'body'>): unknown {
  if (body.length === 0) throw new Malformed(undefined, 'the body is empty');
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new Malformed(undefined, 'the body is not JSON');
  }
}

function requestOf(event: APIGatewayProxyEvent): HttpRequest {
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (body.length > LARGEST_BODY_BYTES) throw new Refused(413, 'too-large', 'a body may have 16 KB');
  const headers = Object.entries(event.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
  return { headers: Object.fromEntries(headers), query: event.queryStringParameters ?? {}, body };
}

/** API Gateway lets ID tokens through only; should it be set up otherwise one day, this still holds. */
function accountOf({ requestContext }: APIGatewayProxyEvent): string {
  const claims = (requestContext.authorizer?.['claims'] ?? {}) as Record<string, unknown>;
  const { sub, token_use: use } = claims;
  if (typeof sub !== 'string' || !isAccountId(sub) || use !== 'id') throw new Refused(401, 'unauthenticated');
  return sub;
}

/** After-hooks run from last to first, so CORS comes first: it then also marks what the error mapper answers. */
function stack(answer: (event: APIGatewayProxyEvent) => Promise<HttpReply>) {
  return middy<APIGatewayProxyEvent, APIGatewayProxyResult>()
    .use(cors(corsOptions()))
    .use(problems())
    .handler(async (event) => {
      const reply = await answer(event);
      logger.info('answered', { route: routeOf(event), status: reply.status, ...accountIn(event) });
      return toResult(reply);
    });
}

/** One origin is named outright, several are matched with the request's; credentials are never allowed. */
function corsOptions() {
  const origins = setting('ALLOWED_ORIGINS').split(',');
  const [origin] = origins;
  return {
    ...(origins.length === 1 && origin !== undefined ? { origin, vary: 'Origin' } : { origins }), // these vary anyway
    exposeHeaders: 'ETag, Retry-After',
    headers: 'Authorization, Content-Type, If-None-Match',
  };
}

function problems(): middy.MiddlewareObj<APIGatewayProxyEvent, APIGatewayProxyResult> {
  return {
    onError: (request) => {
      const { problem, retryAfterSeconds } = problemOf(request.error);
      const level = problem.status === 500 ? 'error' : problem.status === 503 ? 'warn' : 'info';
      logger[level]('refused', {
        route: routeOf(request.event),
        status: problem.status,
        ...accountIn(request.event),
        error: describe(request.error),
      });
      request.response = {
        statusCode: problem.status,
        headers: {
          'Content-Type': 'application/problem+json',
          'Cache-Control': 'no-store',
          ...(retryAfterSeconds !== undefined && { 'Retry-After': String(retryAfterSeconds) }),
        },
        body: JSON.stringify(problem),
      };
    },
  };
}

function toResult({ status, body, headers }: HttpReply): APIGatewayProxyResult {
  return {
    statusCode: status,
    headers: {
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      'Cache-Control': 'no-store',
      ...headers,
    },
    body: body === undefined ? '' : JSON.stringify(body),
  };
}

function routeOf({ httpMethod, resource }: APIGatewayProxyEvent): string {
  return `${httpMethod} ${resource}`;
}

function accountIn({ requestContext }: APIGatewayProxyEvent): { accountId?: string } {
  const sub: unknown = requestContext?.authorizer?.['claims']?.sub;
  return typeof sub === 'string' ? { accountId: sub } : {};
}
