/** What Cognito refused, by the name of its error, in a sentence for the viewer. */
const SENTENCES: Readonly<Record<string, string>> = {
  NotAuthorizedException: 'That address and password do not match.',
  UserNotFoundException: 'That address and password do not match.',
  UsernameExistsException: 'There is an account with this address already. Sign in instead.',
  CodeMismatchException: 'That is not the code. Look again, or ask for a new one.',
  ExpiredCodeException: 'That code is no longer valid. Ask for a new one.',
  LimitExceededException: 'That was too often. Wait a few minutes and try again.',
  TooManyRequestsException: 'That was too often. Wait a moment and try again.',
  TooManyFailedAttemptsException: 'That was wrong too often. Wait a few minutes and try again.',
  InvalidPasswordException:
    'The password needs at least 8 characters, with small and capital letters, a digit and a symbol.',
};

/** What went wrong with signing in or up, in a sentence. */
export function accountSentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return 'That did not work. Try again in a moment.';
  if (error.message === 'Network error')
    return 'The sign-in service cannot be reached. Try again in a moment.';
  return SENTENCES[error.name] ?? (error.message || 'That did not work. Try again in a moment.');
}

/** Signed up, but the code has not been given yet. */
export function isUnconfirmed(error: unknown): boolean {
  return error instanceof Error && error.name === 'UserNotConfirmedException';
}
