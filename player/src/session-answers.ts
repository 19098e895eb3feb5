import * as z from 'zod/mini';
import type { Refusal as Reason } from '../../shared/domain/access.ts';
import { isInstant, type Instant } from '../../shared/domain/instants.ts';
import type { EndReason } from '../../shared/domain/sessions.ts';

const instant = z.string().check(z.refine(isInstant));
const REASONS = ['expired', 'terminated', 'superseded', 'revoked'] as const satisfies readonly EndReason[];

const lease = {
  sessionToken: z.string(),
  expiresAt: instant,
  heartbeatSeconds: z.number().check(z.positive()),
  degraded: z._default(z.boolean(), false),
};
const started = z.object({ ...lease, sessionId: z.string(), heartbeatUrl: z.exactOptional(z.string()) });
const renewed = z.object(lease);

const conflict = z.object({
  sessionId: z.string(),
  deviceId: z.string(),
  contentId: z.string(),
  startedAt: instant,
});
const streams = z.object({
  limit: z.number(),
  sessions: z.array(
    z.object({
      sessionId: z.string(),
      deviceId: z.string(),
      playerId: z.string(),
      contentId: z.string(),
      startedAt: instant,
    }),
  ),
  deviceCount: z.number(),
});
const tooManyStreams = z.object({ conflicts: z.array(conflict) });
const over = z.object({ reason: z.enum(REASONS) });
const notEntitled = z.object({
  reason: z.enum([
    'not-held',
    'not-started',
    'ended',
    'region',
    'region-unknown',
    'device-type',
    'unknown-content',
  ]),
}) satisfies z.ZodMiniType<{ reason: Reason }>;
const terminated = z.object({
  type: z.literal('session.terminated'),
  subject: z.string(),
  data: z.object({
    sessionId: z.string(),
    deviceId: z.string(),
    reason: z.enum(REASONS),
    by: z.exactOptional(z.string()),
  }),
});

/** What `POST /sessions` gives. */
export type StartedSession = z.infer<typeof started>;
/** What a heartbeat gives: from then on this token counts. */
export type RenewedLease = z.infer<typeof renewed>;
/** One of the account's streams that stand in the way. */
export interface Conflict {
  readonly sessionId: string;
  readonly deviceId: string;
  readonly contentId: string;
  readonly startedAt: Instant;
}
/** What `GET /concurrency` gives: the account's live streams, and how many it may have. */
export type Streams = z.infer<typeof streams>;
/** `session.terminated`: one of the account's sessions is over. */
export type SessionEnd = z.infer<typeof terminated>['data'];

export type StartAnswer =
  | { readonly kind: 'started'; readonly session: StartedSession }
  | { readonly kind: 'too-many-streams'; readonly conflicts: readonly Conflict[] }
  | { readonly kind: 'not-entitled'; readonly reason: Reason };

export type BeatAnswer =
  | { readonly kind: 'renewed'; readonly lease: RenewedLease }
  | { readonly kind: 'over'; readonly reason: EndReason };

/** @throws Error when it is not the shape that the API promises. */
export const parseStarted = (json: unknown): StartedSession => started.parse(json);
/** @throws Error when it is not the shape that the API promises. */
export const parseRenewed = (json: unknown): RenewedLease => renewed.parse(json);
/** @throws Error when it is not the shape that the API promises. */
export const parseStreams = (json: unknown): Streams => streams.parse(json);
/** The sessions that a refusal names. @throws Error when it names none. */
export const parseConflicts = (problem: unknown): readonly Conflict[] =>
  tooManyStreams.parse(problem).conflicts;
/** Why a title may not be watched. @throws Error when the refusal does not say. */
export const parseNotEntitled = (problem: unknown): Reason => notEntitled.parse(problem).reason;
/** Why a session is over. @throws Error when the refusal does not say. */
export const parseOver = (problem: unknown): EndReason => over.parse(problem).reason;

/** The session that a message on the topic of this account tells the end of; `undefined` for any other message. */
export function parseSessionEnd(text: string, accountId: string): SessionEnd | undefined {
  try {
    const { subject, data } = terminated.parse(JSON.parse(text));
    return subject === accountId ? data : undefined;
  } catch {
    return undefined;
  }
}
