import type { LocalStack } from '../../../local/stack.ts';
import type { RunningStage } from '../running-stage.ts';
import { listen, tokensOf, type Listener, type Viewer } from '../support.ts';

/** A stack whose whole life is lived in steps, and what those have to do with it together. */
export interface Life {
  readonly stage: LocalStack & Pick<RunningStage, 'viewerMade'>;
  /** Hears what a player of this viewer would, until the life is over. */
  hears(viewer: Viewer): Promise<Listener>;
  /** What was heard by all of them. */
  readonly heard: readonly string[];
  /** Keeps what lies in a queue at this moment. */
  keepQueue(name: 'checkout' | 'checkout-dead-letters'): Promise<string>;
  readonly queued: readonly string[];
  end(): Promise<void>;
}

export function beginLife(stage: Life['stage']): Life {
  const listeners: Listener[] = [];
  const queued: string[] = [];
  return {
    stage,
    async hears(viewer) {
      const listener = await listen(await tokensOf(stage, viewer));
      listeners.push(listener);
      return listener;
    },
    get heard() {
      return listeners.flatMap(({ heard }) => heard.map((message) => JSON.stringify(message)));
    },
    async keepQueue(name) {
      // The stand-in's own door: without the effects that receiving has.
      const answer = await fetch(`${stage.endpoints.sqs}/_fauxqs/queues/usher-local-${name}`);
      if (!answer.ok) throw new Error(`the queue ${name} cannot be looked into: ${answer.status}`);
      const messages = await answer.text();
      queued.push(messages);
      return messages;
    },
    queued,
    async end() {
      for (const listener of listeners) listener.stop();
      await stage.stop();
    },
  };
}
