import { BatchWriteCommand, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { accountTable, tableRequestLimiter } from '../../../shared/aws/account-table.ts';
import { announcementsOf, replacement, type Announcement } from '../../../shared/domain/announcements.ts';
import type { Snapshot } from '../../../shared/domain/entitlements.ts';
import { basisOf, supersedes, type Purchase } from '../../../shared/domain/purchases.ts';
import { firstSnapshot, nextSnapshot } from '../../../shared/domain/snapshots.ts';
import { Unavailable } from '../../../shared/errors.ts';
import type { AccountStore, Commit } from '../../../shared/ports.ts';
import { reports } from '../../support/arbitraries.ts';
import { deserted } from '../../support/canned-server.ts';
import { catalogOf, product } from '../../support/catalogs.ts';
import { startTable, type TestTable } from '../../support/table.ts';
import { purchase } from '../../support/world.ts';

const nowMs = Date.parse('2026-11-22T10:00:00.000Z');
const catalog = catalogOf([product({ grants: ['movies'] })]);

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

/** The account's answer after it bought `count` things more, and what is to be announced. */
function bought(count: number, previous: Snapshot = firstSnapshot(ada, catalog, nowMs)) {
  const ids = Array.from({ length: previous.version + count }, (_, n) => `p_${n}`);
  const purchases = ids.map((purchaseId) => purchase({ accountId: ada, purchaseId }));
  const { snapshot, changes } = nextSnapshot(previous, purchases, catalog, nowMs);
  return { snapshot, announced: announcementsOf(changes, snapshot, () => false) };
}

async function purchasesOf(accountId: string): Promise<readonly Purchase[]> {
  return (await accounts.readAll(accountId)).purchases;
}

type CommitOf = Pick<Commit, 'next' | 'outbox'> &
  Partial<Pick<Commit, 'basis' | 'inbox' | 'takesAway'>> & { readonly read: Snapshot | undefined };

/** Of the account as it is stored, but for the snapshot that is said to have been read. */
async function commit({ read, ...what }: CommitOf): Promise<boolean> {
  const { revision = 0 } = (await accounts.read(ada)) ?? {};
  return accounts.commit({ basis: {}, inbox: [], ...what, read: read && { snapshot: read, revision } });
}

async function outboxVersions(): Promise<readonly number[]> {
  const record = await accounts.read(ada);
  return (record?.outbox ?? []).map(({ version }) => version).toSorted((a, b) => a - b);
}

describe('a purchase', () => {
  it('is read back as it was put, also without an end', async () => {
    const one = purchase({ accountId: ada, validUntil: null, notify: false });
    const other = purchase({ accountId: ada, purchaseId: 'sub_2', validUntil: '2026-12-01T00:00:00.000Z' });
    expect(await accounts.putPurchase(one)).toBe('stored');
    expect(await accounts.putPurchase(other)).toBe('stored');
    expect(await purchasesOf(ada)).toEqual([one, other]);
  });

  it('belongs to its account alone', async () => {
    await accounts.putPurchase(purchase({ accountId: ada }));
    expect(await purchasesOf(`${ada}-`)).toEqual([]);
    expect(await purchasesOf('nobody')).toEqual([]);
  });

  it('that is reported again has no effect', async () => {
    await accounts.putPurchase(purchase({ accountId: ada }));
    expect(await accounts.putPurchase(purchase({ accountId: ada, status: 'refunded' }))).toBe('superseded');
    expect(await purchasesOf(ada)).toMatchObject([{ status: 'active' }]);
  });

  it('ends as its latest report says, whatever the order in which two come in', async () => {
    let pairs = 0;
    await fc.assert(
      fc.asyncProperty(reports, reports, async (first, second) => {
        pairs += 1;
        const accountId = `${ada}-${pairs}`;
        await accounts.putPurchase(purchase({ accountId, reported: first }));
        const outcome = await accounts.putPurchase(purchase({ accountId, reported: second }));
        const wins = supersedes(second, first);
        expect(outcome).toBe(wins ? 'stored' : 'superseded');
        expect(await purchasesOf(accountId)).toMatchObject([{ reported: wins ? second : first }]);
      }),
      { numRuns: 40 },
    );
  });

  it('is found also when the account has more of them than DynamoDB returns at once (1 MB)', async () => {
    const padding = 'x'.repeat(300_000);
    const keys = ['purchase#p_1', 'purchase#p_2', 'purchase#p_3', 'purchase#p_4', 'purchase#p_5'];
    for (const sk of keys) {
      const Item = { pk: ada, sk, purchaseId: sk, occurredAtMs: nowMs, padding };
      const RequestItems = { [table.name]: [{ PutRequest: { Item } }] };
      await table.client.send(new BatchWriteCommand({ RequestItems }));
    }
    expect((await purchasesOf(ada)).map(({ purchaseId }) => purchaseId)).toEqual(keys);
  });
});

describe('an account’s answer', () => {
  it('is not there before it is committed', async () => {
    await accounts.putPurchase(purchase({ accountId: ada }));
    expect(await accounts.read(ada)).toBeUndefined();
  });

  it('is read back as it was committed, together with what is to be announced', async () => {
    const { snapshot, announced } = bought(2);
    expect(await commit({ read: undefined, next: snapshot, outbox: { add: announced } })).toBe(true);
    const record = await accounts.read(ada);
    expect(record?.snapshot).toEqual(snapshot);
    expect(record?.outbox.toSorted((a, b) => a.version - b.version)).toEqual(announced);
  });

  it('is read together with its purchases and the reports that it rests on', async () => {
    const one = purchase({ accountId: ada });
    await accounts.putPurchase(one);
    const basis = basisOf([one]);
    await commit({ read: undefined, next: bought(1).snapshot, basis, outbox: { add: [] } });
    const { record, purchases } = await accounts.readAll(ada);
    expect(record).toEqual(await accounts.read(ada));
    expect(record?.basis).toEqual(basis);
    expect(purchases).toEqual([one]);
  });

  it('is no purchase', async () => {
    await commit({ read: undefined, next: bought(1).snapshot, outbox: { add: [] } });
    expect(await purchasesOf(ada)).toEqual([]);
  });

  it('can be committed first by one only', async () => {
    const first = { read: undefined, next: bought(1).snapshot, outbox: { add: [] } };
    const outcomes = await Promise.all([commit(first), commit(first)]);
    expect(outcomes.toSorted()).toEqual([false, true]);
  });

  it('is replaced only if it is still the version that was read', async () => {
    const first = bought(1);
    const second = bought(1, first.snapshot);
    await commit({ read: undefined, next: first.snapshot, outbox: { add: first.announced } });
    const next = { next: second.snapshot, outbox: { add: second.announced } };
    expect(await commit({ ...next, read: { ...first.snapshot, version: 0 } })).toBe(false);
    expect(await commit({ ...next, read: undefined })).toBe(false);
    expect((await accounts.read(ada))?.snapshot).toEqual(first.snapshot);
    expect(await outboxVersions()).toEqual([1]);
    expect(await commit({ ...next, read: first.snapshot })).toBe(true);
    expect(await outboxVersions()).toEqual([1, 2]);
  });

  it('is replaced only if the same catalogue made it, so that a newer one is not overwritten', async () => {
    const { snapshot } = bought(1);
    const newer = { ...snapshot, catalogVersion: '2026-11-23.1' };
    await commit({ read: undefined, next: newer, outbox: { add: [] } });
    const stale = { read: snapshot, next: bought(1, snapshot).snapshot, outbox: { add: [] } };
    expect(await commit(stale)).toBe(false);
    expect((await accounts.read(ada))?.snapshot).toEqual(newer);
  });

  it('of an account that was never committed replaces nothing', async () => {
    const { snapshot } = bought(1);
    expect(await commit({ read: snapshot, next: bought(1, snapshot).snapshot, outbox: { add: [] } })).toBe(
      false,
    );
    expect(await accounts.read(ada)).toBeUndefined();
  });
});

describe('what is to be announced', () => {
  it('stays until it is removed, and exactly that is removed', async () => {
    const { snapshot, announced } = bought(4);
    await commit({ read: undefined, next: snapshot, outbox: { add: announced } });
    await accounts.remove(ada, { published: [1, 3] });
    expect(await outboxVersions()).toEqual([2, 4]);
  });

  it('that is gone already is no error, nor is an account that is not there', async () => {
    const { snapshot, announced } = bought(2);
    await commit({ read: undefined, next: snapshot, outbox: { add: announced } });
    await accounts.remove(ada, { published: [1] });
    await accounts.remove(ada, { published: [1, 2, 99] });
    expect(await outboxVersions()).toEqual([]);
    await accounts.remove('nobody', { published: [1] });
    expect(await accounts.read('nobody')).toBeUndefined();
  });

  it('grows again after it was empty', async () => {
    const first = bought(1);
    await commit({ read: undefined, next: first.snapshot, outbox: { add: first.announced } });
    await accounts.remove(ada, { published: [1] });
    const second = bought(2, first.snapshot);
    await commit({ read: first.snapshot, next: second.snapshot, outbox: { add: second.announced } });
    expect(await outboxVersions()).toEqual([2, 3]);
  });

  it('may be nothing', async () => {
    const { snapshot } = bought(1);
    await commit({ read: undefined, next: snapshot, outbox: { add: [] } });
    expect(await commit({ read: snapshot, next: snapshot, outbox: { add: [] } })).toBe(true);
    expect(await outboxVersions()).toEqual([]);
  });

  it('may be replaced as a whole', async () => {
    const first = bought(16);
    await commit({ read: undefined, next: first.snapshot, outbox: { add: first.announced } });
    const { snapshot } = bought(1, first.snapshot);
    const readAgain: Announcement = replacement(snapshot);
    await commit({ read: first.snapshot, next: snapshot, outbox: { replace: [readAgain] } });
    expect((await accounts.read(ada))?.outbox).toEqual([readAgain]);
  });

  it('is removed in one write also when it is all that an outbox may hold', async () => {
    let { snapshot, announced } = bought(16);
    await commit({ read: undefined, next: snapshot, outbox: { add: announced } });
    for (let n = 1; n < 4; n++) {
      const next = bought(16, snapshot);
      await commit({ read: snapshot, next: next.snapshot, outbox: { add: next.announced } });
      snapshot = next.snapshot;
      announced = [...announced, ...next.announced];
    }
    const versions = announced.map(({ version }) => version);
    expect(await outboxVersions()).toEqual(versions);
    expect(versions).toHaveLength(64);
    await accounts.remove(ada, { published: versions });
    expect(await outboxVersions()).toEqual([]);
  });
});

describe('a purchase that is kept by a commit', () => {
  const inboxOf = async () => (await accounts.read(ada))?.inbox;

  it('lies in the account’s inbox as it was reported, and is no item of its own', async () => {
    const one = purchase({ accountId: ada, validUntil: null, notify: false });
    const other = purchase({ accountId: ada, purchaseId: 'sub_2' });
    await commit({ read: undefined, next: bought(1).snapshot, outbox: { add: [] }, inbox: [one, other] });
    expect(await inboxOf()).toEqual(expect.arrayContaining([one, other]));
    const { record, purchases } = await accounts.readAll(ada);
    expect(record?.inbox).toHaveLength(2);
    expect(purchases).toEqual([]);
  });

  it('joins those that lie there, also when there were none at first', async () => {
    const { snapshot } = bought(1);
    await commit({ read: undefined, next: snapshot, outbox: { add: [] } });
    expect(await inboxOf()).toEqual([]);
    const [one, other] = [
      purchase({ accountId: ada }),
      purchase({ accountId: ada, purchaseId: 'sub_2' }),
    ] as const;
    for (const each of [one, other]) {
      const next = { read: snapshot, next: snapshot, outbox: { add: [] }, inbox: [each] };
      expect(await commit(next)).toBe(true);
    }
    expect(await inboxOf()).toEqual(expect.arrayContaining([one, other]));
  });

  it('is taken out report by report: a later one of the same purchase stays, even under the same event id', async () => {
    const earlier = purchase({ accountId: ada });
    const later = purchase({ accountId: ada, occurredAt: '2026-11-22T09:30:00.000Z', status: 'refunded' });
    await commit({ read: undefined, next: bought(1).snapshot, outbox: { add: [] }, inbox: [earlier, later] });
    await accounts.remove(ada, { kept: [earlier] });
    expect(await inboxOf()).toEqual([later]);
    await accounts.remove(ada, { kept: [earlier, later] });
    expect(await inboxOf()).toEqual([]);
  });

  it('leaves in the same write as what was published, all that may lie there at once', async () => {
    const { snapshot, announced } = bought(16);
    const reported = Array.from({ length: 64 }, (_, n) =>
      purchase({ accountId: ada, purchaseId: `${n}`.padEnd(64, 'x') }),
    );
    await commit({ read: undefined, next: snapshot, outbox: { add: announced }, inbox: reported });
    const published = announced.map(({ version }) => version);
    await accounts.remove(ada, { published, kept: reported });
    expect(await accounts.read(ada)).toMatchObject({ outbox: [], inbox: [] });
  });

  it('is not passed over by who has not seen it, although it changed no version', async () => {
    const { snapshot } = bought(1);
    await commit({ read: undefined, next: snapshot, outbox: { add: [] } });
    const seen = (await accounts.read(ada))!;
    const again = { read: seen, next: snapshot, basis: {}, outbox: { add: [] } };
    const [one, other] = [
      purchase({ accountId: ada }),
      purchase({ accountId: ada, purchaseId: 'sub_2' }),
    ] as const;
    expect(await accounts.commit({ ...again, inbox: [one] })).toBe(true);
    expect(await accounts.commit({ ...again, inbox: [other] })).toBe(false);
    expect(await inboxOf()).toEqual([one]);
  });

  it('finds room also in an account that was stored before there were inboxes', async () => {
    const { snapshot } = bought(1);
    const { version, catalogVersion } = snapshot;
    const before = { version, catalogVersion, snapshot: JSON.stringify(snapshot), basis: '{}', outbox: {} };
    const put = (Item: object) =>
      table.client.send(new PutCommand({ TableName: table.name, Item: { pk: ada, sk: 'account', ...Item } }));
    await put(before);
    const seen = (await accounts.read(ada))!;
    expect(seen).toMatchObject({ snapshot, inbox: [], revision: 0 });
    const next = { read: seen, next: snapshot, basis: {}, outbox: { add: [] } };
    expect(await accounts.commit({ ...next, inbox: [purchase({ accountId: ada })] })).toBe(true);
    expect(await inboxOf()).toEqual([purchase({ accountId: ada })]);
    expect(await accounts.commit({ ...next, inbox: [] })).toBe(false);
  });
});

describe('what makes sessions too many', () => {
  it('is due from its commit on, until it is done', async () => {
    const first = bought(2);
    await commit({ read: undefined, next: first.snapshot, outbox: { add: [] } });
    expect((await accounts.read(ada))?.sessionsDue).toBeUndefined();
    const next = bought(1, first.snapshot).snapshot;
    await commit({ read: first.snapshot, next, outbox: { add: [] }, takesAway: true });
    expect((await accounts.read(ada))?.sessionsDue).toBe(2);
    expect((await accounts.readAll(ada)).record?.sessionsDue).toBe(2);
    await accounts.removeSessionsDue(ada, 2);
    expect((await accounts.read(ada))?.sessionsDue).toBeUndefined();
  });

  it('stays due through a commit that takes nothing away', async () => {
    const first = bought(1).snapshot;
    await commit({ read: undefined, next: first, outbox: { add: [] }, takesAway: true });
    await commit({ read: first, next: bought(1, first).snapshot, outbox: { add: [] } });
    expect((await accounts.read(ada))?.sessionsDue).toBe(1);
  });

  it('is not taken for done when a later commit, be it of the same version, is due by now', async () => {
    const first = bought(1).snapshot;
    await commit({ read: undefined, next: first, outbox: { add: [] }, takesAway: true });
    await commit({ read: first, next: first, outbox: { add: [] }, takesAway: true });
    await accounts.removeSessionsDue(ada, 1);
    expect((await accounts.read(ada))?.sessionsDue).toBe(2);
    await accounts.removeSessionsDue('nobody', 1);
    expect(await accounts.read('nobody')).toBeUndefined();
  });
});

describe('an account may ask for a recompute', () => {
  const INTERVAL_SECONDS = 10;
  const limiter = () => tableRequestLimiter(table.name, INTERVAL_SECONDS, table.client);

  it('once in the interval', async () => {
    expect(await limiter().secondsToWait(ada, nowMs)).toBe(0);
    expect(await limiter().secondsToWait(ada, nowMs + 1)).toBeGreaterThan(0);
    expect(await limiter().secondsToWait(ada, nowMs + 9999)).toBeGreaterThan(0);
    expect(await limiter().secondsToWait(ada, nowMs + 10_000)).toBe(0);
  });

  it('whatever others ask for', async () => {
    await limiter().secondsToWait(ada, nowMs);
    expect(await limiter().secondsToWait(`${ada}-sister`, nowMs)).toBe(0);
  });

  it('although a clock that was ahead has left its mark', async () => {
    await limiter().secondsToWait(ada, nowMs + 3_600_000);
    expect(await limiter().secondsToWait(ada, nowMs)).toBe(0);
  });

  it('without waiting longer for every refused attempt', async () => {
    await limiter().secondsToWait(ada, nowMs);
    await limiter().secondsToWait(ada, nowMs + 9000);
    expect(await limiter().secondsToWait(ada, nowMs + 10_000)).toBe(0);
  });

  it('and that touches neither its answer nor its purchases', async () => {
    await limiter().secondsToWait(ada, nowMs);
    expect(await accounts.read(ada)).toBeUndefined();
    expect(await purchasesOf(ada)).toEqual([]);
  });
});

describe('a table', () => {
  it('that does not answer makes every operation unavailable', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', await deserted());
    const unreachable = accountTable(table.name);
    const limiter = tableRequestLimiter(table.name, 10);
    vi.unstubAllEnvs();
    const { snapshot } = bought(1);
    const attempts = [
      unreachable.read(ada),
      unreachable.readAll(ada),
      unreachable.putPurchase(purchase({ accountId: ada })),
      unreachable.commit({ read: undefined, next: snapshot, basis: {}, outbox: { add: [] }, inbox: [] }),
      unreachable.remove(ada, { published: [1] }),
      unreachable.removeSessionsDue(ada, 1),
      limiter.secondsToWait(ada, nowMs),
    ];
    for (const { status, ...rest } of await Promise.allSettled(attempts)) {
      expect(status).toBe('rejected');
      expect(rest).toHaveProperty('reason');
      expect((rest as PromiseRejectedResult).reason).toBeInstanceOf(Unavailable);
    }
  });

  it('that does not exist is a fault of ours and no outage', async () => {
    const absent = accountTable('absent', table.client);
    await expect(absent.read(ada)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('holds the versions beside the snapshot, where a condition can see them', async () => {
    const { snapshot } = bought(3);
    await commit({ read: undefined, next: snapshot, outbox: { add: [] } });
    const get = new GetCommand({ TableName: table.name, Key: { pk: ada, sk: 'account' } });
    expect((await table.client.send(get)).Item).toMatchObject({
      version: 3,
      catalogVersion: snapshot.catalogVersion,
    });
  });
});
