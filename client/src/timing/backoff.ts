import { Refusal, SignInNeeded } from '../service/problems.ts';

const FIRST_MS = 1000;
const LONGEST_MS = 30_000;

/**
 * How long to wait before the next try: a random part of 1 s, 2 s, 4 s … up to 30 s, so that the players of an outage
 * do not return all at once; all of it on top of what the API asks for. `undefined`: no try will help.
 */
export function delayAfter(error: unknown, failures: number, random: () => number): number | undefined {
  if (error instanceof SignInNeeded) return undefined;
  const steps = Math.min(FIRST_MS * 2 ** failures, LONGEST_MS);
  const asked = error instanceof Refusal ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
  return asked + steps * random();
}
