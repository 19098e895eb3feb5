import middy from '@middy/core';
import cors from '@middy/http-cors';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { isAccountId } from '../domain/ids.ts';
import { setting } from '../env.ts';
import { Unavailable } from '../errors.ts';
import { bodyOf, refuse, RESERVE_MS, toResult, type HttpReply, type HttpRequest } from './http-messages.ts';
import { logger } from './log.ts';
import { publishTally } from './metrics.ts';
import { Refused } from './problems.ts';

/** A request of a signed-in viewer. */
export interface ViewerRequest extends HttpRequest {
  readonly accountId: string;
}

/** A handler for a route that anyone may call. Whoever sends larger bodies than ours says how large they may be. */
export function open(
  answer: (request: HttpRequest) => Promise<HttpReply>,
  { largestBodyBytes }: { readonly largestBodyBytes?: number } = {},
) {
  return stack((event) => answer(requestOf(event, largestBodyBytes)));
}

/** A handler for a route behind the Cognito authorizer, which has verified the ID token. */
export function viewer(answer: (request: ViewerRequest) => Promise<HttpReply>) {
  const claim = setting('ACCOUNT_CLAIM');
  return stack(async (event) => answer({ ...requestOf(event), accountId: accountOf(event, claim) }), claim);
}

export function requestOf(event: APIGatewayProxyEvent, largestBodyBytes?: number): HttpRequest {
  const headers = Object.entries(event.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    headers: Object.fromEntries(headers),
    query: event.queryStringParameters ?? {},
    path: event.pathParameters ?? {},
    body: bodyOf(event, largestBodyBytes),
  };
}

/**
 * Whose account the viewer watches on. Never another claim's where the stage's names none: whoever has no account is
 * told so. API Gateway lets ID tokens through only; should it be set up otherwise one day, this still holds.
 */
function accountOf(event: APIGatewayProxyEvent, claim: string): string {
  if (claimIn(event, 'token_use') !== 'id') throw new Refused(401, 'unauthenticated');
  const account = claimIn(event, claim);
  if (account === undefined || !isAccountId(account)) throw new Refused(403, 'no-account');
  return account;
}

function claimIn({ requestContext }: APIGatewayProxyEvent, claim: string): string | undefined {
  const value: unknown = requestContext?.authorizer?.['claims']?.[claim];
  return typeof value === 'string' ? value : undefined;
}

/** Middy asks for this shortly before Lambda would end the function. */
function outOfTime(): never {
  throw new Unavailable('the answer took too long');
}

/**
 * After-hooks run from last to first, so CORS comes first: it then also marks what the error mapper answers. The counts
 * go out when that has counted its part.
 */
export function stack(answer: (event: APIGatewayProxyEvent) => Promise<HttpReply>, accountClaim?: string) {
  return middy<APIGatewayProxyEvent, APIGatewayProxyResult>({
    timeoutEarlyInMillis: RESERVE_MS,
    timeoutEarlyResponse: outOfTime,
  })
    .use(cors(corsOptions()))
    .use({ after: publishTally, onError: publishTally })
    .use(problems(accountClaim))
    .handler(async (event) => {
      const reply = await answer(event);
      logger.info('answered', {
        route: routeOf(event),
        status: reply.status,
        ...accountIn(event, accountClaim),
      });
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

function problems(
  accountClaim: string | undefined,
): middy.MiddlewareObj<APIGatewayProxyEvent, APIGatewayProxyResult> {
  return {
    onError: (request) => {
      request.response = refuse(request.error, {
        route: routeOf(request.event),
        ...accountIn(request.event, accountClaim),
      });
    },
  };
}

export function routeOf({ httpMethod, resource }: APIGatewayProxyEvent): string {
  return `${httpMethod} ${resource}`;
}

/** For logs; of what is no account's id nothing is written down. */
function accountIn(event: APIGatewayProxyEvent, claim: string | undefined): { accountId?: string } {
  const account = claim === undefined ? undefined : claimIn(event, claim);
  return account !== undefined && isAccountId(account) ? { accountId: account } : {};
}
