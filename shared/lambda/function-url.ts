import type { Context, LambdaFunctionURLEvent, LambdaFunctionURLResult } from 'aws-lambda';
import { Unavailable } from '../errors.ts';
import { bodyOf, refuse, RESERVE_MS, toResult, type HttpReply, type HttpRequest } from './http-messages.ts';
import { publishTally } from './metrics.ts';
import { Refused } from './problems.ts';

/**
 * A handler for a Lambda function URL, which serves one method at one address. Answers as the routes do, but for
 * CORS, which is the URL's own configuration, and without middleware: it is called by every player, all the time.
 */
export function functionUrl(method: string, answer: (request: HttpRequest) => Promise<HttpReply>) {
  return async (
    event: LambdaFunctionURLEvent,
    context: Pick<Context, 'getRemainingTimeInMillis'>,
  ): Promise<LambdaFunctionURLResult> => {
    try {
      if (event.requestContext.http.method !== method) throw new Refused(403, 'forbidden');
      const request = {
        headers: event.headers,
        query: event.queryStringParameters ?? {},
        path: {},
        body: bodyOf(event),
      };
      return toResult(await within(context.getRemainingTimeInMillis() - RESERVE_MS, answer(request)));
    } catch (error) {
      return refuse(error);
    } finally {
      await publishTally();
    }
  };
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Unavailable('the answer took too long')), ms);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
