import * as v from 'valibot';
import type { Refusal as Reason } from '../../../shared/domain/access.ts';
import type { Instant } from '../../../shared/domain/instants.ts';
import type { EndReason } from '../../../shared/domain/sessions.ts';
import { instant, parse, parseText } from './parse.ts';

const REASONS = ['expired', 'terminated', 'superseded', 'revoked'] as const satisfies readonly EndReason[];

const lease = {
  sessionToken: v.string(),
  expiresAt: instant,
  heartbeatSeconds: v.custom<number>((value) => typeof value === 'number' && value > 0, 'no interval'),
  degraded: v.exactOptional(v.boolean(), false),
};
const started = v.object({ ...lease, sessionId: v.string(), heartbeatUrl: v.exactOptional(v.string()) });
const renewed = v.object(lease);

const conflict = v.object({
  sessionId: v.string(),
  deviceId: v.string(),
  contentId: v.string(),
  startedAt: instant,
});
const streams = v.object({
  limit: v.number(),
  sessions: v.array(
    v.object({
      sessionId: v.string(),
      deviceId: v.string(),
      playerId: v.string(),
      contentId: v.string(),
      startedAt: instant,
    }),
  ),
  deviceCount: v.number(),
});
const tooManyStreams = v.object({ conflicts: v.array(conflict) });
const over = v.object({ reason: v.picklist(REASONS) });
const notEntitled = v.object({
  reason: v.picklist([
    'not-held',
    'not-started',
    'ended',
    'region',
    'region-unknown',
    'device-type',
    'unknown-content',
  ]),
}) satisfies v.GenericSchema<unknown, { reason: Reason }>;
const terminated = v.object({
  type: v.picklist(['session.terminated']),
  subject: v.string(),
  data: v.object({
    sessionId: v.string(),
    deviceId: v.string(),
    reason: v.picklist(REASONS),
    by: v.exactOptional(v.string()),
  }),
});

/** What `POST /sessions` gives. */
export type StartedSession = v.InferOutput<typeof started>;
/** What a heartbeat gives: from then on this token counts. */
export type RenewedLease = v.InferOutput<typeof renewed>;
/** One of the account's streams that stand in the way. */
export interface Conflict {
  readonly sessionId: string;
  readonly deviceId: string;
  readonly contentId: string;
  readonly startedAt: Instant;
}
/** What `GET /concurrency` gives: the account's live streams, and how many it may have. */
export type Streams = v.InferOutput<typeof streams>;
/** `session.terminated`: one of the account's sessions is over. */
export type SessionEnd = v.InferOutput<typeof terminated>['data'];

export type StartAnswer =
  | { readonly kind: 'started'; readonly session: StartedSession }
  | { readonly kind: 'too-many-streams'; readonly conflicts: readonly Conflict[] }
  | { readonly kind: 'not-entitled'; readonly reason: Reason };

export type BeatAnswer =
  | { readonly kind: 'renewed'; readonly lease: RenewedLease }
  | { readonly kind: 'over'; readonly reason: EndReason };

/** @throws Error when it is not the shape that the API promises. */
export const parseStarted = (json: unknown): StartedSession => parse(started, json);
/** @throws Error when it is not the shape that the API promises. */
export const parseRenewed = (json: unknown): RenewedLease => parse(renewed, json);
/** @throws Error when it is not the shape that the API promises. */
export const parseStreams = (json: unknown): Streams => parse(streams, json);
/** The sessions that a refusal names. @throws Error when it names none. */
export const parseConflicts = (problem: unknown): readonly Conflict[] =>
  parse(tooManyStreams, problem).conflicts;
/** Why a title may not be watched. @throws Error when the refusal does not say. */
export const parseNotEntitled = (problem: unknown): Reason => parse(notEntitled, problem).reason;
/** Why a session is over. @throws Error when the refusal does not say. */
export const parseOver = (problem: unknown): EndReason => parse(over, problem).reason;

/** The session that a message on the topic of this account tells the end of; `undefined` for any other message. */
export function parseSessionEnd(text: string, accountId: string): SessionEnd | undefined {
  const said = parseText(terminated, text);
  return said?.subject === accountId ? said.data : undefined;
}
