import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { RemoteCall } from './remote-calls.ts';
import type { Answer, MomentoTraffic, Order, Surroundings } from './stack-process.ts';

export interface RunningStack extends Surroundings {
  /** From now on calls are noted, until one of this name has been answered. */
  watch(until: string): Promise<void>;
  /** The calls since then, once the last one has been answered. */
  calls(): Promise<readonly RemoteCall[]>;
  /** What Momento has been asked until now. */
  traffic(): Promise<MomentoTraffic>;
  /** Resolves when so many calls of this name have arrived and are not answered yet. */
  underWay(name: string, count: number): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Runs a synthesized app in another process: were the clients to share a thread with the servers, a bare hop would
 * be spared the change of threads that every call of a function pays for. Rejects when the stack cannot start.
 */
export async function runStack(assembly: string): Promise<RunningStack> {
  const child = fork(fileURLToPath(new URL('stack-process.ts', import.meta.url)), [assembly]);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the local stack ended with code ${String(code)}`);
  });
  ended.catch(() => {}); // heard by whoever waits for an answer
  const answer = async <Kind extends Answer['kind']>(kind: Kind) => {
    const [told] = (await Promise.race([once(child, 'message'), ended])) as [Answer];
    if (told.kind !== kind) throw new Error(`the local stack answered ${told.kind} instead of ${kind}`);
    return told as Extract<Answer, { readonly kind: Kind }>;
  };
  const order = <Kind extends Answer['kind']>(one: Order, kind: Kind) => {
    const answering = answer(kind);
    child.send(one);
    return answering;
  };

  const { surroundings } = await answer('ready');
  return {
    ...surroundings,
    async watch(until) {
      await order({ kind: 'watch', until }, 'watching');
    },
    async calls() {
      const { calls } = await order({ kind: 'calls' }, 'calls');
      return calls;
    },
    async traffic() {
      const { traffic } = await order({ kind: 'traffic' }, 'traffic');
      return traffic;
    },
    async underWay(name, count) {
      await order({ kind: 'await', name, count }, 'under-way');
    },
    async stop() {
      await order({ kind: 'stop' }, 'stopped');
      child.disconnect();
    },
  };
}
