import { CATALOG_TOPIC } from '../../../shared/domain/token-scope.ts';
import { inTime } from '../timing/in-time.ts';
import type { ServerClock } from '../timing/server-clock.ts';
import type { After } from '../timing/timers.ts';
import type { HeardTopic, MomentoConnection } from './momento.ts';

interface World {
  readonly after: After;
  readonly clock: Pick<ServerClock, 'elapsedMs'>;
}

/** What a subscription tells. */
export interface SubscriptionListener {
  /** A message on one of the topics, as text. */
  readonly onMessage: (text: string) => void;
  /** Something may have been published on the account's topic that nobody will ever deliver: read again. */
  readonly onGap: () => void;
}

export interface Subscription {
  /** Resolves with the reason when it hears nothing more, other than by `close`. */
  readonly ended: Promise<string>;
  close(): void;
}

/**
 * A subscription that has received nothing yet dies without a word when the network fails (SDK 1.118), so it is
 * looked at this often; Momento sends heartbeats, so silence for that long means that nobody is there.
 */
const LOOK_EVERY_MS = 2000;
const SILENCE_MS = 60_000;
/** The SDK waits for a first sign of life for as long as the network does, which can be minutes. */
const FIRST_SIGN_MS = 15_000;

/** Hears the account's topic and the stage's, and watches over both. @throws Error when one of them cannot be heard */
export async function subscribe(
  { after, clock }: World,
  connection: MomentoConnection,
  accountId: string,
  { onMessage, onGap }: SubscriptionListener,
): Promise<Subscription> {
  const ended = Promise.withResolvers<string>();
  const heard: { readonly topic: HeardTopic; readonly lastSignMs: () => number }[] = [];
  let closed = false;
  let cancelLook = () => {};
  try {
    const hearing = Promise.all([
      hear(accountId, onGap),
      // A wave that is lost costs a player nothing but time: it reads again anyway, now and then.
      hear(CATALOG_TOPIC, () => {}),
    ]);
    await inTime(after, hearing, FIRST_SIGN_MS, 'Momento does not answer');
  } catch (error) {
    close();
    throw error;
  }
  look();
  return { ended: ended.promise, close };

  /** A topic that opens when nobody waits for it any more is closed. */
  async function hear(topic: string, onLoss: () => void): Promise<void> {
    let lastSignMs = clock.elapsedMs();
    const sign = () => {
      lastSignMs = clock.elapsedMs();
    };
    const opened = await connection.hear(topic, {
      onItem(text) {
        sign();
        if (!closed) onMessage(text);
      },
      onHeartbeat: sign,
      onDiscontinuity: () => closed || onLoss(),
      onBreak: () => closed || onLoss(),
      onError: ended.resolve,
    });
    if (closed) opened.close();
    else heard.push({ topic: opened, lastSignMs: () => lastSignMs });
  }

  function look(): void {
    if (heard.some(({ topic }) => !topic.isHeard())) ended.resolve('ended without a word');
    else if (heard.some(({ lastSignMs }) => clock.elapsedMs() - lastSignMs() > SILENCE_MS))
      ended.resolve('silent');
    else cancelLook = after(LOOK_EVERY_MS, look);
  }

  function close(): void {
    closed = true;
    cancelLook();
    for (const { topic } of heard) topic.close();
  }
}
