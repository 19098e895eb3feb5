import { Outage } from '../errors.ts';

/** Spares whoever calls a part that is down the wait for its answer. */
export interface CircuitBreaker {
  /** The same port; while the breaker is open every method throws {@link NotAsked} at once. */
  guard<Port extends object>(port: Port): Port;
}

/** The part has not answered just now, and is left alone. */
export class NotAsked extends Outage {}

/** A lost answer is no outage yet; the second in a row to the same question is, whatever else is answered. */
const OPENS_AT = 2;

/** So long is the part left alone; then the next call tries it. */
const OPEN_MS = 5000;

/** One for all the ports whose calls fail together: what one of them finds out, the others need not. */
export function circuitBreaker(now: () => number): CircuitBreaker {
  const failures = new Map<object, number>();
  let openUntilMs = 0;

  async function through<T>(method: object, call: () => Promise<T>): Promise<T> {
    if (now() < openUntilMs) throw new NotAsked('not asked: it has not answered just now');
    try {
      const answer = await call();
      failures.delete(method);
      return answer;
    } catch (error) {
      const inARow = error instanceof Outage ? (failures.get(method) ?? 0) + 1 : 0;
      failures.set(method, inARow);
      if (inARow >= OPENS_AT) openUntilMs = now() + OPEN_MS;
      throw error;
    }
  }

  return {
    guard: (port) =>
      Object.fromEntries(
        Object.entries(port).map(([name, method]: [string, (...args: unknown[]) => Promise<unknown>]) => [
          name,
          (...args: unknown[]) => through(method, () => method(...args)),
        ]),
      ) as typeof port,
  };
}
