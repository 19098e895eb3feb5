import type { Drill } from './drills.ts';

/** What viewers and the payment side ask of a stage. */
export const ASKS = ['purchase', 'read', 'token', 'start', 'heartbeat', 'end', 'streams'] as const;
export type Ask = (typeof ASKS)[number];

export interface Asked {
  readonly times: number;
  /** How often each status was answered that is no success; 0 stands for no answer at all. */
  readonly refused: Readonly<Record<string, number>>;
  /** The longest time in which an account met with nothing but "not now" or no answer. */
  readonly outOfReachSeconds: number;
}

/** What was noticed of a drill by those who used the stage meanwhile; all times are the stage's. */
export interface Noticed {
  readonly drill: Drill;
  readonly asked: Readonly<Record<Ask, Asked>>;
  /** Purchases that were accepted, and the longest time until a screen showed one. */
  readonly bought: number;
  readonly shownAfterSeconds: number;
  /** The longest time by which an answer of GET /entitlements was behind, as somebody reads it who knows of no version. */
  readonly readBehindSeconds: number;
  /** How often such an answer was older than the one before. */
  readonly readsWentBack: number;
  /** Versions that screens heard of, and those that they had to read. */
  readonly heard: number;
  readonly madeUp: number;
  /** How often a screen showed an older version than before. */
  readonly screensWentBack: number;
  /** The longest time that a screen said it is not live. */
  readonly notLiveSeconds: number;
  /** Starts and heartbeats that were answered although a part was missing. */
  readonly degraded: number;
  /** Why playbacks stopped, each with how often; `again` are those that went on by themselves. */
  readonly stopped: Readonly<Record<string, number>>;
  /** The longest time that a screen was without a session that it wanted. */
  readonly withoutPictureSeconds: number;
  /** From the end of the fault until everybody was level with the table again. */
  readonly levelAfterSeconds: number;
}

/** Answers that ask to come back, or none. */
const OUT_OF_REACH = new Set([0, 429, 500, 502, 503, 504]);

/** The longest of several stretches of time, each of somebody's. */
function stretches() {
  const since = new Map<string, number>();
  let longestMs = 0;
  const close = (whose: string) => {
    const from = since.get(whose);
    if (from !== undefined) longestMs = Math.max(longestMs, Date.now() - from);
  };
  return {
    begin: (whose: string) => void (since.has(whose) || since.set(whose, Date.now())),
    end(whose: string) {
      close(whose);
      since.delete(whose);
    },
    atLeast: (ms: number) => void (longestMs = Math.max(longestMs, ms)),
    /** Those that still last count until now. */
    seconds() {
      for (const whose of since.keys()) close(whose);
      return Math.round(longestMs / 1000);
    },
  };
}

export type Notes = ReturnType<typeof createNotes>;

/** Takes down what is noticed of one drill. */
export function createNotes() {
  const asked = new Map(
    ASKS.map((ask) => [ask, { times: 0, refused: new Map<string, number>(), out: stretches() }]),
  );
  const [shown, behind, notLive, withoutPicture] = [stretches(), stretches(), stretches(), stretches()];
  const stopped = new Map<string, number>();
  const counts = { bought: 0, readsWentBack: 0, heard: 0, madeUp: 0, screensWentBack: 0, degraded: 0 };
  let level = 0;

  return {
    answered(ask: Ask, whose: string, status: number, reason?: string): void {
      const { refused, out } = asked.get(ask)!;
      asked.get(ask)!.times += 1;
      if (status < 200 || status >= 400) {
        const what = reason === undefined ? `${status}` : `${status} ${reason}`;
        refused.set(what, (refused.get(what) ?? 0) + 1);
      }
      if (OUT_OF_REACH.has(status)) out.begin(whose);
      else out.end(whose);
    },
    count(what: keyof typeof counts, by = 1): void {
      counts[what] += by;
    },
    shownAfter: (ms: number) => shown.atLeast(ms),
    readBehind: (ms: number) => behind.atLeast(ms),
    live: (screen: string, isLive: boolean) => (isLive ? notLive.end(screen) : notLive.begin(screen)),
    playing: (screen: string, isPlaying: boolean) =>
      isPlaying ? withoutPicture.end(screen) : withoutPicture.begin(screen),
    stopped: (why: string) => void stopped.set(why, (stopped.get(why) ?? 0) + 1),
    levelAfter(ms: number): void {
      level = Math.round(ms / 1000);
    },
    result: (drill: Drill): Noticed => ({
      drill,
      asked: Object.fromEntries(
        [...asked].map(([ask, { times, refused, out }]) => [
          ask,
          { times, refused: Object.fromEntries(refused), outOfReachSeconds: out.seconds() },
        ]),
      ) as Record<Ask, Asked>,
      ...counts,
      shownAfterSeconds: shown.seconds(),
      readBehindSeconds: behind.seconds(),
      notLiveSeconds: notLive.seconds(),
      stopped: Object.fromEntries(stopped),
      withoutPictureSeconds: withoutPicture.seconds(),
      levelAfterSeconds: level,
    }),
  };
}
