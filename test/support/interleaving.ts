import { setImmediate as nextTurn } from 'node:timers/promises';

/** Gives the word to one actor for a number of steps; with `steps` large, the others stand still for long. */
export interface Burst {
  readonly actor: number;
  readonly steps: number;
}

type Actor = (pause: () => Promise<void>) => Promise<unknown>;

/**
 * Runs actors one step at a time, a step being what happens from one `pause()` to the next, in the order that the
 * bursts say; whoever is left when they are used up finishes in turn. An actor that does two things at once has
 * two pauses open, of which the older one ends first.
 */
export async function interleave(actors: readonly Actor[], bursts: readonly Burst[]): Promise<void> {
  const runners = actors.map(start);
  for (const { actor, steps } of bursts) {
    const runner = runners[actor % runners.length]!;
    for (let step = 0; step < steps && !runner.finished(); step++) await runner.step();
  }
  for (const runner of runners) while (!runner.finished()) await runner.step();
  await Promise.all(runners.map(({ run }) => run));
}

function start(actor: Actor) {
  const paused: (() => void)[] = [];
  let done = false;
  let halted = Promise.withResolvers<void>();
  const pause = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    paused.push(resolve);
    halted.resolve();
    return promise;
  };
  const run = pause().then(() => actor(pause));
  const end = () => {
    done = true;
    halted.resolve();
  };
  run.then(end, end);

  return {
    run,
    finished: () => done,
    async step() {
      if (paused.length === 0 && !done) {
        halted = Promise.withResolvers<void>();
        await halted.promise; // until it pauses or ends
      }
      paused.shift()?.();
      await nextTurn(); // what the step sets free in memory has then happened
    },
  };
}
