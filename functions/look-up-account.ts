import { accountTable } from '../shared/aws/account-table.ts';
import { tableDegradedSessions } from '../shared/aws/degraded-sessions.ts';
import { readPartition, type Item } from '../shared/aws/partition.ts';
import { connect } from '../shared/aws/table.ts';
import { fromMs } from '../shared/domain/instants.ts';
import { setting } from '../shared/env.ts';
import { Unavailable } from '../shared/errors.ts';
import type { HttpReply } from '../shared/lambda/http-messages.ts';
import { noteMissing } from '../shared/lambda/log.ts';
import { momentoWorld } from '../shared/lambda/session-world.ts';
import { support, type SupportRequest } from '../shared/lambda/support.ts';
import type { AccountStore, DegradedSessions, SlotStore } from '../shared/ports.ts';
import { accountView } from '../shared/support/account-view.ts';
import { exportOf } from '../shared/support/export.ts';

interface World {
  readonly accounts: Pick<AccountStore, 'readAll'>;
  readonly degraded: Pick<DegradedSessions, 'read'>;
  readonly slots: Pick<SlotStore, 'read'>;
  readonly readItems: (accountId: string) => Promise<readonly Item[]>;
  readonly now: () => number;
  readonly warn: (message: string, reason: unknown) => void;
}

/** GET /support/accounts/{accountId}. While Momento does not answer: without the sessions. */
export function lookUpAccount({ accounts, degraded, slots, now, warn }: World) {
  return async ({ accountId }: SupportRequest): Promise<HttpReply> => {
    const [account, { entries }, cached] = await Promise.all([
      accounts.readAll(accountId),
      degraded.read(accountId),
      slots.read(accountId).catch((reason: unknown) => {
        if (!(reason instanceof Unavailable)) throw reason;
        warn('sessions not read', reason);
        return undefined;
      }),
    ]);
    return { status: 200, body: accountView(accountId, { account, cached, degraded: entries }, now()) };
  };
}

/** GET /support/accounts/{accountId}/export: all of it or a 503. */
export function exportAccount({ readItems, slots, now }: World) {
  return async ({ accountId }: SupportRequest): Promise<HttpReply> => {
    const [items, cached] = await Promise.all([readItems(accountId), slots.read(accountId)]);
    return { status: 200, body: exportOf(accountId, { items, cached }, fromMs(now())) };
  };
}

const tableName = setting('TABLE_NAME');
const table = connect();
const { slots, now } = momentoWorld();
const world: World = {
  accounts: accountTable(tableName, table),
  degraded: tableDegradedSessions(tableName, table),
  readItems: (accountId) => readPartition(tableName, accountId, table),
  slots,
  now,
  warn: noteMissing,
};

export const handler = support({
  'GET /support/accounts/{accountId}': lookUpAccount(world),
  'GET /support/accounts/{accountId}/export': exportAccount(world),
});
