import { fromMs, type Instant } from './instants.ts';
import type { EndReason, Session } from './sessions.ts';

/** Tells the account's devices that one of its sessions is over: CloudEvents 1.0 JSON, without a version. */
export interface SessionTerminated {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: 'session.terminated';
  readonly subject: string;
  readonly time: Instant;
  readonly datacontenttype: 'application/json';
  readonly data: {
    readonly sessionId: string;
    readonly deviceId: string;
    readonly reason: EndReason;
    /** The device that took its place. */
    readonly by?: string;
  };
}

/** The message for the session that lost its place; `by` is who has it now, where somebody has. */
export function sessionTerminated(
  accountId: string,
  { sessionId, deviceId }: Pick<Session, 'sessionId' | 'deviceId'>,
  reason: EndReason,
  nowMs: number,
  by?: Pick<Session, 'deviceId'>,
): SessionTerminated {
  return {
    specversion: '1.0',
    id: sessionId,
    source: 'usher',
    type: 'session.terminated',
    subject: accountId,
    time: fromMs(nowMs),
    datacontenttype: 'application/json',
    data: { sessionId, deviceId, reason, ...(by && { by: by.deviceId }) },
  };
}
