import { CATALOG_TOPIC } from '../../../shared/domain/token-scope.ts';
import type { After } from '../timing/timers.ts';
import type { HeardTopic, MomentoConnection } from './momento.ts';

interface World {
  readonly after: After;
  /** In ms; only differences count. */
  readonly now: () => number;
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
  { after, now }: World,
  connection: MomentoConnection,
  accountId: string,
  { onMessage, onGap }: SubscriptionListener,
): Promise<Subscription> {
  const ended = Promise.withResolvers<string>();
  const heard: { readonly topic: HeardTopic; readonly lastSignMs: () => number }[] = [];
  let closed = false;
  let cancelLook = () => {};
  try {
    await Promise.all([
      hear(accountId, onGap),
      // A wave that is lost costs a player nothing but time: it reads again anyway, now and then.
      hear(CATALOG_TOPIC, () => {}),
    ]);
  } catch (error) {
    close();
    throw error;
  }
  look();
  return { ended: ended.promise, close };

  async function hear(topic: string, onLoss: () => void): Promise<void> {
    let lastSignMs = now();
    const sign = () => {
      lastSignMs = now();
    };
    const attempt = connection.hear(topic, {
      onItem(text) {
        sign();
        if (!closed) onMessage(text);
      },
      onHeartbeat: sign,
      onDiscontinuity: () => closed || onLoss(),
      onBreak: () => closed || onLoss(),
      onError: ended.resolve,
    });
    const opened = await inTime(attempt);
    if (closed) opened.close();
    else heard.push({ topic: opened, lastSignMs: () => lastSignMs });
  }

  /** What comes when nobody waits for it any more is closed. */
  async function inTime(attempt: Promise<HeardTopic>): Promise<HeardTopic> {
    const late = Promise.withResolvers<never>();
    let isLate = false;
    const cancel = after(FIRST_SIGN_MS, () => {
      isLate = true;
      late.reject(new Error('Momento does not answer'));
    });
    attempt.then(
      (topic) => isLate && topic.close(),
      () => {},
    );
    return Promise.race([attempt, late.promise]).finally(cancel);
  }

  function look(): void {
    if (heard.some(({ topic }) => !topic.isHeard())) ended.resolve('ended without a word');
    else if (heard.some(({ lastSignMs }) => now() - lastSignMs() > SILENCE_MS)) ended.resolve('silent');
    else cancelLook = after(LOOK_EVERY_MS, look);
  }

  function close(): void {
    closed = true;
    cancelLook();
    for (const { topic } of heard) topic.close();
  }
}
