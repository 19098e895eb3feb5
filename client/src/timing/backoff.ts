import { Refusal, SignInNeeded } from '../service/problems.ts';

const FIRST_MS = 1000;
const LONGEST_MS = 30_000;
/** Whoever asks for more is no service of ours but something in between, and may be gone sooner. */
const LONGEST_ASKED_SECONDS = 300;

/**
 * How long to wait before the next try: a random part of 1 s, 2 s, 4 s … up to 30 s, so that the players of an outage
 * do not return all at once; all of it on top of what the API asks for, up to five minutes. `undefined`: no try will help.
 */
export function delayAfter(error: unknown, failures: number, random: () => number): number | undefined {
  if (error instanceof SignInNeeded) return undefined;
  const steps = Math.min(FIRST_MS * 2 ** failures, LONGEST_MS);
  const asked = error instanceof Refusal ? Math.min(error.retryAfterSeconds ?? 0, LONGEST_ASKED_SECONDS) : 0;
  return asked * 1000 + steps * random();
}
