import { intervalAt } from '../domain/heartbeat-intervals.ts';
import { isAccountId } from '../domain/ids.ts';
import type { HeartbeatMessage, HeartbeatTopic, HeartbeatTracker } from '../ports.ts';
import { deviceHeartbeat } from '../session-requests.ts';
import { lagHistogram, type Lag } from './lag-histogram.ts';
import { waitingBeats } from './waiting-beats.ts';

/** Why a message is no heartbeat. */
type Malformation = 'binary' | 'not-json' | 'no-account' | 'not-a-heartbeat';

/** What became of the messages of one run: each was counted, malformed or dropped. */
export interface Followed {
  readonly received: number;
  readonly counted: number;
  readonly malformed: Readonly<Record<Malformation, number>>;
  readonly malformedTotal: number;
  /** For want of room, or of an answer before the end. */
  readonly dropped: number;
  /** How often Momento said that messages were lost on the way. */
  readonly gaps: number;
  /** From a message's arrival until it was counted. */
  readonly lagMs: Lag;
}

interface World {
  readonly topic: HeartbeatTopic;
  readonly tracker: Pick<HeartbeatTracker, 'count'>;
  readonly now: () => number;
  /** Told once of each kind of trouble. */
  readonly warn: (message: string, reason: unknown) => void;
}

interface Run {
  /** How long an interval of the tracker is. */
  readonly intervalMs: number;
  readonly untilMs: number;
}

/** Half a second is nothing to an interval of a minute, and at 5 s between beats most sums are of one all the same. */
const FLUSH_EVERY_MS = 500;

/** What Momento has not taken by then is dropped, so that the run ends before the function is cut off. */
const LAST_FLUSH_MS = 8000;

/**
 * Listens to the heartbeats that devices publish and counts them in the tracker until the run ends. The account is the
 * one that Momento vouches for, whatever the message says; its interval is that of its arrival.
 *
 * Runs overlap by some seconds so that none is missed, and a heartbeat that two of them hear is counted twice. The
 * number of devices, which is what the tracker is for, stays the same.
 */
export async function followHeartbeats(
  { topic, tracker, now, warn }: World,
  { intervalMs, untilMs }: Run,
): Promise<Followed> {
  const malformed = { binary: 0, 'not-json': 0, 'no-account': 0, 'not-a-heartbeat': 0 };
  let [received, counted, dropped, gaps] = [0, 0, 0, 0];
  const lag = lagHistogram();
  const warned = new Set<string>();

  function warnOnce(message: string, reason: unknown): void {
    if (!warned.has(message)) warn(message, reason);
    warned.add(message);
  }

  const waiting = waitingBeats({
    tracker,
    now,
    onCounted: ({ beats, sinceMs }) => {
      counted += beats;
      lag.add(now() - sinceMs);
    },
    onDropped: (beats) => void (dropped += beats),
    onFailed: (reason) => warnOnce('heartbeats not counted', reason),
  });

  function hear(message: HeartbeatMessage): void {
    received += 1;
    const heard = read(message);
    if (typeof heard === 'string') malformed[heard] += 1;
    else waiting.add({ ...heard, interval: intervalAt(now(), intervalMs), beats: 1, sinceMs: now() });
  }

  const following = await topic.follow({
    onBeat: hear,
    onGap: () => void (gaps += 1),
    onTrouble: (reason) => warnOnce('heartbeats not followed', reason),
  });
  while (now() < untilMs) {
    await pause(Math.min(FLUSH_EVERY_MS, untilMs - now()));
    await waiting.flush(untilMs + LAST_FLUSH_MS);
  }
  await following.stop();
  await waiting.flush(untilMs + LAST_FLUSH_MS);
  waiting.drop();

  const malformedTotal = Object.values(malformed).reduce((sum, count) => sum + count, 0);
  return { received, counted, malformed, malformedTotal, dropped, gaps, lagMs: lag.read() };
}

function read({
  tokenId,
  text,
}: HeartbeatMessage): Malformation | { readonly accountId: string; readonly deviceId: string } {
  if (text === undefined) return 'binary';
  const body = parsed(text);
  if (body === undefined) return 'not-json';
  if (tokenId === undefined || !isAccountId(tokenId)) return 'no-account';
  const { success, data } = deviceHeartbeat.safeParse(body); // an account in it is ignored with all else
  return success ? { accountId: tokenId, deviceId: data.deviceId } : 'not-a-heartbeat';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
