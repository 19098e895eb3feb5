import { QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { accountTable } from '../../../shared/aws/account-table.ts';
import { tableBoundaryIndex, tableBoundaryProgress } from '../../../shared/aws/boundary-index.ts';
import { bucketOf, firstBucketAt, type Boundary } from '../../../shared/domain/boundaries.ts';
import type { Snapshot } from '../../../shared/domain/entitlements.ts';
import { fromMs } from '../../../shared/domain/instants.ts';
import { firstSnapshot } from '../../../shared/domain/snapshots.ts';
import { Unavailable } from '../../../shared/errors.ts';
import { recompute } from '../../../shared/entitlements/recompute.ts';
import { deserted } from '../../support/canned-server.ts';
import { catalogOf, product } from '../../support/catalogs.ts';
import { startTable, type TestTable } from '../../support/table.ts';
import { memoryWorld } from '../../support/world.ts';

const atMs = Date.parse('2026-11-22T10:00:42.500Z');
const catalog = catalogOf([product()]);

let table: TestTable;
let tests = 0;
/** An account that no other test knows. */
let ada: string;

beforeAll(async () => {
  table = await startTable();
});
afterAll(() => table.stop());
beforeEach(() => {
  tests += 1;
  ada = `ada-${tests}`;
});

/** Everybody who stands in the bucket of this boundary. */
async function beside(boundary: Boundary): Promise<readonly Boundary[]> {
  const found: Boundary[] = [];
  for await (const page of tableBoundaryIndex(table.name, table.client).read(bucketOf(boundary))) {
    found.push(...page);
  }
  return found;
}

/** The account's next answer, of which time changes something at that moment. */
function answer(version: number, nextChangeMs: number | null): Snapshot {
  const nextChangeAt = nextChangeMs === null ? null : fromMs(nextChangeMs);
  return { ...firstSnapshot(ada, catalog, atMs), version, nextChangeAt };
}

async function commit(next: Snapshot): Promise<boolean> {
  const accounts = accountTable(table.name, table.client);
  const read = await accounts.read(ada);
  return accounts.commit({ read, next, basis: {}, outbox: { add: [] }, inbox: [] });
}

describe('the index of boundaries', () => {
  it('has an account from the commit that sets its boundary on, to the millisecond', async () => {
    await commit(answer(1, atMs));
    expect(await beside({ accountId: ada, atMs })).toContainEqual({ accountId: ada, atMs });
    expect(await accountTable(table.name, table.client).read(ada)).toMatchObject({ boundaryAtMs: atMs });
  });

  it('has it at the later one alone once that is committed', async () => {
    await commit(answer(1, atMs));
    const laterMs = atMs + 3_600_000;
    await commit(answer(2, laterMs));
    expect(await beside({ accountId: ada, atMs })).not.toContainEqual({ accountId: ada, atMs });
    expect(await beside({ accountId: ada, atMs: laterMs })).toEqual([{ accountId: ada, atMs: laterMs }]);
  });

  it('does not have an account that time changes no more', async () => {
    await commit(answer(1, atMs));
    await commit(answer(2, null));
    expect(await beside({ accountId: ada, atMs })).not.toContainEqual({ accountId: ada, atMs });
    expect((await accountTable(table.name, table.client).read(ada))?.boundaryAtMs).toBeUndefined();
  });

  it('does not follow a commit that did not hold', async () => {
    await commit(answer(1, atMs));
    const stale = { read: { snapshot: answer(0, null), revision: 7 }, basis: {}, inbox: [] };
    const laterMs = atMs + 7_200_000;
    const next = answer(2, laterMs);
    const accounts = accountTable(table.name, table.client);
    expect(await accounts.commit({ ...stale, next, outbox: { add: [] } })).toBe(false);
    expect(await beside({ accountId: ada, atMs: laterMs })).toEqual([]);
  });

  it('gets an account that was stored before there was an index with its next recompute', async () => {
    const memory = memoryWorld();
    const accounts = accountTable(table.name, table.client);
    const endsMs = memory.now() + 3_600_000;
    const rental = {
      accountId: ada,
      purchaseId: 'p',
      productId: 'nightfall-48h',
      status: 'active',
      validFrom: fromMs(memory.now()),
      validUntil: fromMs(endsMs),
      notify: true,
      reported: { eventId: 'e', occurredAt: fromMs(memory.now()), revision: 1 },
    } as const;
    await recompute({ ...memory, accounts }, ada, [rental]);
    const older = new UpdateCommand({
      TableName: table.name,
      Key: { pk: ada, sk: 'account' },
      UpdateExpression: 'REMOVE boundaryBucket, boundaryAtMs',
    });
    await table.client.send(older);
    expect(await beside({ accountId: ada, atMs: endsMs })).toEqual([]);
    await recompute({ ...memory, accounts }, ada);
    expect(await beside({ accountId: ada, atMs: endsMs })).toEqual([{ accountId: ada, atMs: endsMs }]);
    expect(memory.published).toHaveLength(1);
  });

  it('is read to the last page', async () => {
    const pages = [
      { Items: [{ pk: 'a', boundaryAtMs: 1 }], LastEvaluatedKey: { pk: 'a' } },
      { Items: [], LastEvaluatedKey: { pk: 'b' } },
      { Items: [{ pk: 'c', boundaryAtMs: 3 }] },
    ];
    const starts: unknown[] = [];
    const send = async (command: unknown) => {
      starts.push((command as QueryCommand).input.ExclusiveStartKey);
      return pages[starts.length - 1];
    };
    const found: Boundary[] = [];
    const paged = tableBoundaryIndex('accounts', { send: send as typeof table.client.send });
    for await (const page of paged.read(firstBucketAt(atMs))) found.push(...page);
    expect(found).toEqual([
      { accountId: 'a', atMs: 1 },
      { accountId: 'c', atMs: 3 },
    ]);
    expect(starts).toEqual([undefined, { pk: 'a' }, { pk: 'b' }]);
  });
});

describe('how far the index is looked through', () => {
  it('is remembered, and only who has read it last goes on', async () => {
    const progress = tableBoundaryProgress(table.name, table.client);
    const [first, second, third] = [1, 2, 3].map((n) => ({ ahead: 10 * n, behind: n }));
    expect(await progress.read()).toBeUndefined();
    expect(await progress.advance(undefined, first!)).toBe(true);
    expect(await progress.advance(undefined, second!)).toBe(false);
    expect(await progress.advance(first, second!)).toBe(true);
    expect(await progress.advance(first, third!)).toBe(false);
    expect(await progress.read()).toEqual(second);
  });

  it('is unknown while the table does not answer, which is an outage', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', await deserted());
    try {
      const progress = tableBoundaryProgress(table.name);
      await expect(progress.read()).rejects.toBeInstanceOf(Unavailable);
      await expect(progress.advance(undefined, { ahead: 1, behind: 1 })).rejects.toBeInstanceOf(Unavailable);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
