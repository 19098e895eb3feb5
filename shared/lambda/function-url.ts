import type { LambdaFunctionURLEvent, LambdaFunctionURLResult } from 'aws-lambda';
import { bodyOf, levelOf, refusalOf, toResult, type HttpReply, type HttpRequest } from './http-messages.ts';
import { describe, logger } from './log.ts';
import { Refused } from './problems.ts';

/**
 * A handler for a Lambda function URL, which serves one method at one address. Answers as the routes do, but for
 * CORS, which is the URL's own configuration, and without middleware: it is called by every player, all the time.
 */
export function functionUrl(method: string, answer: (request: HttpRequest) => Promise<HttpReply>) {
  return async (event: LambdaFunctionURLEvent): Promise<LambdaFunctionURLResult> => {
    try {
      if (event.requestContext.http.method !== method) throw new Refused(403, 'forbidden');
      return toResult(
        await answer({
          headers: event.headers,
          query: event.queryStringParameters ?? {},
          path: {},
          body: bodyOf(event),
        }),
      );
    } catch (error) {
      const refusal = refusalOf(error);
      logger[levelOf(refusal)]('refused', { status: refusal.status, error: describe(error) });
      return toResult(refusal);
    }
  };
}
