import { Refusal, SignInNeeded } from '../../client/src/index.ts';

/** What went wrong, in a sentence for the viewer. */
export function sentenceOf(error: unknown): string {
  if (error instanceof SignInNeeded) return error.message;
  if (!(error instanceof Refusal))
    return 'The service cannot be reached. Check your connection and try again.';
  const { slug, status, retryAfterSeconds, message } = error;
  const wait = retryAfterSeconds === undefined ? 'in a moment' : `in ${seconds(retryAfterSeconds)}`;
  switch (slug) {
    case 'too-often':
      return `That was a little too often. Try again ${wait}.`;
    case 'unavailable':
      return `The service is busy right now. Try again ${wait}.`;
    case 'unauthenticated':
      return new SignInNeeded().message;
    case 'no-account':
      return 'You are signed in, but belong to no account yet.';
    case 'forbidden':
      return 'That is not open to your account.';
    case 'unknown-product':
      return 'This product is not sold any more. Reload the page to see what is.';
    case 'bad-signature':
    case 'stale-signature':
      return 'The service did not accept the payment side’s signature.';
    case 'malformed':
      return `The service did not understand the request: ${message}.`;
    default:
      return `The service answered with an error (${status}). Try again in a moment.`;
  }
}

function seconds(count: number): string {
  return count === 1 ? 'a second' : `${count} seconds`;
}
