import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LoopAnswer, LoopOrder, Work } from './loop-process.ts';

type Done = Extract<LoopAnswer, { readonly kind: 'done' }>;

export interface Loop {
  /** Processor time that it took to be ready: for a function, its import. */
  readonly readyCpuMs: number;
  /** Works on the inputs, one after the other. */
  run(inputs: readonly string[]): Promise<Done>;
  /** Bytes that it has written to standard output until now: a function's log, and apart from it its metrics. */
  readonly written: () => { readonly log: number; readonly metrics: number };
  stop(): void;
}

/** Starts a process that does one thing. `environment` is all that it finds in its own. */
export async function startLoop(
  work: Work,
  environment: Readonly<Record<string, string>> = {},
): Promise<Loop> {
  const file = fileURLToPath(new URL('loop-process.ts', import.meta.url));
  const child = fork(file, [JSON.stringify(work)], {
    env: { TZ: 'UTC', ...environment },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const written = { log: 0, metrics: 0 };
  const lines = child.stdout && createInterface(child.stdout);
  lines?.on('line', (line) => {
    written[line.startsWith('{"_aws"') ? 'metrics' : 'log'] += Buffer.byteLength(line) + 1;
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the process of ${work.kind} ended with code ${String(code)}`);
  });
  ended.catch(() => {}); // heard by whoever waits for an answer
  const answer = async <Kind extends LoopAnswer['kind']>(kind: Kind) => {
    const [told] = (await Promise.race([once(child, 'message'), ended])) as [LoopAnswer];
    if (told.kind !== kind) throw new Error(`the process of ${work.kind} answered ${told.kind}, not ${kind}`);
    return told as Extract<LoopAnswer, { readonly kind: Kind }>;
  };

  const { cpuMs } = await answer('ready');
  return {
    readyCpuMs: cpuMs,
    run(inputs) {
      const done = answer('done');
      child.send({ inputs } satisfies LoopOrder);
      return done;
    },
    written: () => ({ ...written }),
    stop: () => child.disconnect(),
  };
}
