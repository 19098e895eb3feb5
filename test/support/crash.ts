import { interrupted } from './world.ts';

/** The function was ended from outside: nothing that it would still do happens. */
export class Crash extends Error {}

/**
 * Ports of one invocation that dies at its `deadline`-th step (every operation has two: before it takes effect and
 * after) and never comes back: whatever the invocation still tries, such as cleaning up, fails too.
 */
export function mortal<Ports extends Record<string, object>>(ports: Ports, deadline: number) {
  let steps = 0;
  const step = async () => {
    steps += 1;
    if (steps >= deadline) throw new Crash(`died at step ${deadline}`);
  };
  const wrapped = Object.entries(ports).map(([name, port]) => [
    name,
    typeof port === 'object' ? interrupted(port, { before: step, after: step }) : port,
  ]);
  return { ports: Object.fromEntries(wrapped) as Ports, died: () => steps >= deadline };
}
