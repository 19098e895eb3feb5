import type { After } from './timers.ts';

/** What comes within so many ms. @throws Error with these words when nothing has come by then */
export function inTime<T>(after: After, coming: Promise<T>, limitMs: number, otherwise: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const cancel = after(limitMs, () => late.reject(new Error(otherwise)));
  return Promise.race([coming, late.promise]).finally(cancel);
}
