import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountTable, tableRequestLimiter } from '../../../shared/aws/account-table.ts';
import { tableDegradedSessions } from '../../../shared/aws/degraded-sessions.ts';
import { readPartition } from '../../../shared/aws/partition.ts';
import type { Table } from '../../../shared/aws/table.ts';
import { loadCatalog } from '../../../shared/catalog.ts';
import { erasedSnapshot } from '../../../shared/domain/erasure.ts';
import { replacement } from '../../../shared/domain/announcements.ts';
import { firstSnapshot, nextSnapshot } from '../../../shared/domain/snapshots.ts';
import { basisOf } from '../../../shared/domain/purchases.ts';
import type { AccountStore } from '../../../shared/ports.ts';
import { session } from '../../support/sessions.ts';
import { startTable, type TestTable } from '../../support/table.ts';
import { purchase } from '../../support/world.ts';

const nowMs = Date.parse('2026-11-22T10:00:00.000Z');
const catalog = loadCatalog();
let table: TestTable;
let accounts: AccountStore;
let tests = 0;
/** An account that no other test knows. */
let ada: string;

beforeAll(async () => {
  table = await startTable();
  accounts = accountTable(table.name, table.client);
});
afterAll(() => table.stop());
beforeEach(() => {
  tests += 1;
  ada = `ada-${tests}`;
});

const itemsOf = async (accountId: string) =>
  (await readPartition(table.name, accountId, table.client)).map(({ sk }) => sk);
const bought = (purchaseId: string, occurredAt?: string) =>
  purchase({ accountId: ada, purchaseId, ...(occurredAt !== undefined && { occurredAt }) });

/** With everything that an account may have stored. */
async function used(): Promise<void> {
  const [one, waiting] = [bought('sub_1'), bought('sub_2')];
  const { snapshot } = nextSnapshot(firstSnapshot(ada, catalog, nowMs), [one, waiting], catalog, nowMs);
  const basis = basisOf([one, waiting]);
  const outbox = { add: [replacement(snapshot)] };
  const recent = [{ version: 2, atMs: nowMs, cause: 'evt_1' }];
  await accounts.commit({ read: undefined, next: snapshot, basis, outbox, inbox: [waiting], recent });
  await accounts.putPurchase(one);
  await tableRequestLimiter(table.name, 5, table.client).secondsToWait(ada, nowMs - 1000);
  const entries = [{ session: session(), untilMs: nowMs + 60_000 }];
  await tableDegradedSessions(table.name, table.client).write(ada, entries, 0);
}

async function erase(): Promise<void> {
  const read = (await accounts.read(ada))!;
  const next = erasedSnapshot(read.snapshot, catalog, nowMs);
  const outbox = { replace: [replacement(next)] };
  const erased = { basis: {}, outbox, inbox: [], takesAway: true, recent: [], erasedAtMs: nowMs };
  expect(await accounts.commit({ read, next, ...erased })).toBe(true);
}

describe('the commit that erases an account', () => {
  it('leaves of its item what its players have to see passed', async () => {
    await used();
    expect((await accounts.read(ada))?.recent).toEqual([{ version: 2, atMs: nowMs, cause: 'evt_1' }]);
    await erase();
    const record = (await accounts.read(ada))!;
    expect(record).toMatchObject({ basis: {}, inbox: [], recent: [], erasedAtMs: nowMs, sessionsDue: 2 });
    expect(record.outbox).toEqual([replacement(record.snapshot)]);
    expect(record.snapshot).toMatchObject({ version: 4, epoch: '0' });
    expect(JSON.stringify(record)).not.toContain('sub_');
  });

  it('is remembered by all that follow', async () => {
    await used();
    await erase();
    const read = (await accounts.read(ada))!;
    await accounts.commit({
      read,
      next: read.snapshot,
      basis: {},
      outbox: { add: [] },
      inbox: [bought('new')],
    });
    expect(await accounts.read(ada)).toMatchObject({ erasedAtMs: nowMs, inbox: [{ purchaseId: 'new' }] });
  });
});

describe('sweeping an erased account', () => {
  it('takes everything of before but the record, of as many purchases as there are', async () => {
    await used();
    await Promise.all(Array.from({ length: 40 }, (_, n) => accounts.putPurchase(bought(`p_${n}`))));
    await erase();
    await accounts.sweep(ada, nowMs);
    expect(await itemsOf(ada)).toEqual(['account']);
  });

  it('takes nothing of another account', async () => {
    await accounts.putPurchase(purchase({ accountId: `${ada}-` }));
    await used();
    await accounts.sweep(ada, nowMs);
    expect(await itemsOf(`${ada}-`)).toEqual(['purchase#sub_1']);
  });

  it('leaves what came since', async () => {
    await accounts.putPurchase(bought('sub_1', '2026-11-22T10:00:00.001Z'));
    await tableRequestLimiter(table.name, 5, table.client).secondsToWait(ada, nowMs + 1);
    const began = session({ startedAt: '2026-11-22T10:00:01.000Z' });
    const entries = [{ session: began, untilMs: nowMs + 60_000 }];
    await tableDegradedSessions(table.name, table.client).write(ada, entries, 0);
    await accounts.sweep(ada, nowMs);
    expect(await itemsOf(ada)).toEqual(['degraded', 'purchase#sub_1', 'recompute']);
  });

  it('takes sessions of an outage one by one, since some may be of before and some not', async () => {
    const degraded = tableDegradedSessions(table.name, table.client);
    const before = { session: session(), untilMs: nowMs + 60_000 };
    const since = {
      session: session({ sessionId: 'session-2', startedAt: '2026-11-22T10:00:01.000Z' }),
      untilMs: nowMs + 61_000,
    };
    await degraded.write(ada, [before, since], 0);
    await accounts.sweep(ada, nowMs);
    expect(await degraded.read(ada)).toEqual({ entries: [since], revision: 2 });
    await accounts.sweep(ada, nowMs);
    expect(await degraded.read(ada)).toEqual({ entries: [since], revision: 2 });
  });

  it('leaves a purchase that is reported anew between the look and the deletion', async () => {
    await accounts.putPurchase(bought('sub_1'));
    const anew = bought('sub_1', '2026-11-22T10:00:00.001Z');
    const overtaken = {
      send: async (command: Parameters<Table['send']>[0]) => {
        const deletes = command.constructor.name === 'DeleteCommand';
        if (deletes) await accounts.putPurchase(anew);
        return table.client.send(command as never);
      },
    } as Table;
    await accountTable(table.name, overtaken).sweep(ada, nowMs);
    expect((await accounts.readAll(ada)).purchases).toEqual([anew]);
  });
});
