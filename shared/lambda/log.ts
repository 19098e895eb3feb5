import { Logger } from '@aws-lambda-powertools/logger';
import { tallyTrouble } from './metrics.ts';

/** One structured line per request or message, written at the edge: ids, never tokens, secrets or bodies. */
export const logger = new Logger();

/** What may be told of an error: its kind and ours, not the texts that a client library put together. */
export function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const { name, message, cause } = error;
  return { name, message, ...(cause instanceof Error && { cause: cause.name }) };
}

/** Notes that an answer is right although a part was missing. */
export function noteMissing(message: string, reason?: unknown): void {
  tallyTrouble(reason);
  logger.warn(message, reason === undefined ? {} : { error: describe(reason) });
}
