import type { accountView } from '../shared/support/account-view.ts';
import type { StackOutputs } from './stack-outputs.ts';

export type AccountView = ReturnType<typeof accountView>;

/** An account, as somebody reads it who is on the telephone. */
export function viewTold(view: AccountView): string {
  const { accountId, stored, erasedAt, snapshot } = view;
  if (!stored || !snapshot) return `Nothing is stored of ${accountId}: it has what everyone has.`;
  const { access, epoch, version, asOf } = snapshot;
  const lines = [
    `${accountId}, version ${epoch}.${version} of ${asOf}${erasedAt === null ? '' : `, erased ${erasedAt}`}`,
    `  may watch on ${access.maxStreams} at a time; has ${access.grants.join(', ')}`,
    ...section('purchases, the last report first', view.purchases, (one) => {
      const { purchaseId, productId, status, validUntil, reported } = one;
      const until = validUntil === null ? '' : ` until ${validUntil}`;
      return `${purchaseId}  ${productId} ${status}${until} (${reported.eventId}, ${reported.occurredAt})`;
    }),
    ...(view.sessions === null
      ? ['  sessions: not known, Momento does not answer']
      : section('sessions', view.sessions, sessionTold)),
    ...section('sessions of an outage', view.degradedSessions, sessionTold),
    ...section('last changes', view.recentChanges, (one) => `${one.version}  ${one.at}  ${one.cause}`),
  ];
  const { announcements, reports, sessionsToEnd } = view.pending;
  if (announcements.length + reports > 0 || sessionsToEnd) {
    lines.push(`  on its way: ${announcements.length} announcements, ${reports} reports`);
  }
  return lines.join('\n');
}

interface Watching {
  readonly sessionId: string;
  readonly deviceId: string;
  readonly contentId: string;
  readonly startedAt: string;
}

function sessionTold({ sessionId, deviceId, contentId, startedAt }: Watching): string {
  return `${sessionId}  ${contentId} on ${deviceId} since ${startedAt}`;
}

function section<T>(title: string, entries: readonly T[], told: (entry: T) => string): readonly string[] {
  if (entries.length === 0) return [];
  return [`  ${title}:`, ...entries.map((entry) => `    ${told(entry)}`)];
}

/** What is done, and what is left for somebody else to do. */
export function erasedTold(account: string, { UserPoolId = '…' }: StackOutputs, done: boolean): string {
  const state = done
    ? `${account} is erased: its purchases, its history and its sessions are gone, and its players know.`
    : `${account} is erased; what is left of it goes as soon as Momento and the queue get to it. Look it up later.`;
  return `${state}
Its id and version stay, so that no player takes an older answer for a newer one. Not done by this:
  the user, who could sign in again: aws cognito-idp admin-delete-user --user-pool-id ${UserPoolId} --username <name>
  what the payment side holds: whatever it reports from now on counts as new
  the rest, and for how long: docs/support.md#what-is-left-of-an-erased-account`;
}
