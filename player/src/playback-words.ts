import type { EndReason, StopReason } from '../../client/src/index.ts';
import { deviceName } from './device-words.ts';
import type { Shown } from './playback-view.ts';
import { sentenceOf } from './problem-words.ts';
import { countOf } from './words.ts';

/** What the sentences depend on. */
interface Circumstances {
  /** This browser. */
  readonly deviceId: string;
  /** Why the account may not watch the title as the page sees it; `undefined` when it may. */
  readonly locked: string | undefined;
  /** How many streams the account may have, as far as is known. */
  readonly limit: number | undefined;
}

/** How playback goes, in a few words that are said when they change. */
export function statusOf(
  state: Shown['state'],
  { nowMs, isPaused }: { readonly nowMs: number; readonly isPaused: boolean },
): string {
  switch (state.kind) {
    case 'idle':
      return 'Paused, and your screen is free for others. Press play to go on.';
    case 'loading':
    case 'starting':
      return 'Starting…';
    case 'waiting':
      return `The service is busy. Starting in ${countOf(Math.max(1, Math.ceil((state.untilMs - nowMs) / 1000)), 'second')}.`;
    case 'choosing':
      return 'Every screen is in use.';
    case 'playing':
      if (state.trouble === 'reconnecting') return 'Reconnecting…';
      return isPaused ? 'Paused. Your screen is kept for five minutes.' : 'Playing';
    default:
      return '';
  }
}

/** What is not as it should be although it plays; empty when all is well. */
export function hintOf(state: Shown['state']): string {
  if (state.kind !== 'playing') return '';
  if (state.trouble === 'reconnecting')
    return 'The service does not answer. Your stream is kept for a while.';
  if (state.trouble === 'busy') return 'The service is busy. Your stream goes on.';
  if (state.degraded) return 'A part of the service is away. Your stream goes on without it.';
  return '';
}

/** Why playback stopped. */
export function whyStopped(why: StopReason, circumstances: Circumstances): string {
  switch (why.kind) {
    case 'over':
      return whyOver(why.reason, why.by, circumstances);
    case 'not-entitled':
      return whyNotEntitled(why.reason);
    case 'lost':
      return 'Stopped: the connection was away for too long. Watch again when it is back.';
    default:
      return sentenceOf(why.error);
  }
}

function whyOver(
  reason: EndReason,
  by: string | undefined,
  { deviceId, locked, limit }: Circumstances,
): string {
  switch (reason) {
    case 'terminated':
      if (by === undefined) return 'Stopped: this stream was ended from another screen, or by support.';
      return by === deviceId
        ? 'Stopped: another tab of this browser took its place.'
        : `Stopped: ${deviceName(by)} took its place.`;
    case 'superseded':
      return 'Stopped: the same player was started again somewhere else.';
    case 'revoked':
      if (locked !== undefined) return `This title has been locked. ${locked}`;
      return limit === undefined
        ? 'Stopped: your plan has changed.'
        : `Stopped: your plan has changed to ${countOf(limit, 'screen')} at a time.`;
    default:
      return 'Stopped: the service lost track of this stream.';
  }
}

function whyNotEntitled(reason: Extract<StopReason, { kind: 'not-entitled' }>['reason']): string {
  switch (reason) {
    case 'not-held':
      return 'Your plan does not include this title.';
    case 'not-started':
      return 'This title has not begun yet.';
    case 'ended':
      return 'Your time with this title has ended.';
    case 'region':
      return 'This title is not shown in the country that you seem to be in.';
    case 'region-unknown':
      return 'This title is shown in some countries only, and the service cannot tell where you are.';
    case 'device-type':
      return 'This title is not shown on this kind of device.';
    default:
      return 'This title is no longer in the catalogue.';
  }
}
