import { inject } from 'vitest';
import type { Synthesized } from '../setup.ts';

/** The synthesized app of the worker that asks: no other test runs on it meanwhile. */
export function synthesized(): Synthesized {
  const worker = Number(process.env['VITEST_POOL_ID']);
  const found = inject('synthesized')[worker - 1];
  if (!found) throw new Error(`nothing was synthesized for worker ${worker}`);
  return found;
}
