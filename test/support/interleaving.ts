/** Gives the word to one actor for a number of steps; with `steps` large, the others stand still for long. */
export interface Burst {
  readonly actor: number;
  readonly steps: number;
}

type Actor = (pause: () => Promise<void>) => Promise<unknown>;

/**
 * Runs actors one step at a time, a step being what happens from one `pause()` to the next, in the order that the
 * bursts say; whoever is left when they are used up finishes in turn. Exact, so that a failing order can be replayed.
 */
export async function interleave(actors: readonly Actor[], bursts: readonly Burst[]): Promise<void> {
  const runners = actors.map(start);
  for (const { actor, steps } of bursts) {
    const runner = runners[actor % runners.length]!;
    for (let step = 0; step < steps && !runner.finished(); step++) await runner.step();
  }
  for (const runner of runners) while (!runner.finished()) await runner.step();
}

function start(actor: Actor) {
  let proceed = () => {};
  let halted = Promise.withResolvers<void>();
  let done = false;
  const pause = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    proceed = resolve;
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
    finished: () => done,
    /** Lets the actor go on until it pauses again or ends; fails as it fails. */
    async step() {
      await halted.promise;
      if (!done) {
        halted = Promise.withResolvers<void>();
        proceed();
        await halted.promise;
      }
      if (done) await run;
    },
  };
}
