import { isOutage, Unavailable } from '../errors.ts';

/** Spares whoever calls a part that is down the wait for its answer. */
export interface CircuitBreaker {
  /** The same port; while the breaker is open every method throws Unavailable at once. */
  guard<Port extends object>(port: Port): Port;
}

/** A lost answer is no outage yet; the second in a row is. */
const OPENS_AT = 2;

/** So long is the part left alone; then the next call tries it. */
const OPEN_MS = 5000;

/** One for all the ports that lead to the same part: what one of them finds out, the others need not. */
export function circuitBreaker(now: () => number): CircuitBreaker {
  let failures = 0;
  let openUntilMs = 0;

  async function through<T>(call: () => Promise<T>): Promise<T> {
    if (now() < openUntilMs) throw new Unavailable('not asked: it has not answered just now');
    try {
      const answer = await call();
      failures = 0;
      return answer;
    } catch (error) {
      failures = isOutage(error) ? failures + 1 : 0;
      if (failures >= OPENS_AT) openUntilMs = now() + OPEN_MS;
      throw error;
    }
  }

  return {
    guard: (port) =>
      Object.fromEntries(
        Object.entries(port).map(([name, method]: [string, (...args: unknown[]) => Promise<unknown>]) => [
          name,
          (...args: unknown[]) => through(() => method(...args)),
        ]),
      ) as typeof port,
  };
}
