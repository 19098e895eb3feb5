import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { isAccountId } from '../domain/ids.ts';
import { Malformed } from '../errors.ts';
import { auditLine } from './audit.ts';
import { requestOf, routeOf, stack } from './http.ts';
import type { HttpReply, HttpRequest } from './http-messages.ts';
import { logger } from './log.ts';
import { Refused } from './problems.ts';

/** A request of support's about an account, by somebody whom IAM has let in. */
export interface SupportRequest extends HttpRequest {
  readonly accountId: string;
}

type Answer = (request: SupportRequest) => Promise<HttpReply>;

/**
 * A handler for routes with IAM's authorization, by `VERB /path`. Each call leaves one line in the function's log that
 * says who did what to whose account, why, and what came of it; also one that is refused or fails.
 */
export function support(answers: Readonly<Record<string, Answer>>) {
  const answered = stack(async (event) => {
    // API Gateway has verified the signature and asked IAM; should it be set up otherwise one day, this still holds.
    if (!event.requestContext.identity?.userArn) throw new Refused(403, 'forbidden');
    const answer = answers[routeOf(event)];
    if (!answer) throw new Error(`${routeOf(event)} is no route of this function`);
    // Policies are asked about the path as it was sent, where another spelling of an account is another account.
    if (event.path.includes('%')) throw new Malformed(undefined, 'the path must be spelled without "%"');
    const accountId = event.pathParameters?.['accountId'] ?? '';
    if (!isAccountId(accountId)) throw new Malformed('accountId', 'must be an account id');
    return answer({ ...requestOf(event), accountId });
  });
  return async (event: APIGatewayProxyEvent, context: Context): Promise<APIGatewayProxyResult> => {
    const result = await answered(event, context);
    logger.info('support', auditLine(event, result));
    return result;
  };
}

/** A sentence or a ticket's number. */
const LONGEST_REASON = 200;

/** Why somebody does it, for the audit line. @throws Malformed */
export function requireReason(reason: unknown): string {
  if (typeof reason === 'string' && /\S/.test(reason) && reason.length <= LONGEST_REASON) return reason;
  throw new Malformed('reason', `must say why, in at most ${LONGEST_REASON} characters`);
}
