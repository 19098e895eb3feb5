import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { accountTable } from '../../../shared/aws/account-table.ts';
import { tableDegradedSessions } from '../../../shared/aws/degraded-sessions.ts';
import { Unavailable } from '../../../shared/errors.ts';
import type { DegradedSessions } from '../../../shared/ports.ts';
import { deserted } from '../../support/canned-server.ts';
import { session } from '../../support/sessions.ts';
import { startTable, type TestTable } from '../../support/table.ts';
import { purchase } from '../../support/world.ts';

let table: TestTable;
let degraded: DegradedSessions;
let tests = 0;
/** An account that no other test knows. */
let ada: string;

beforeAll(async () => {
  table = await startTable();
  degraded = tableDegradedSessions(table.name, table.client);
});
afterAll(() => table.stop());
beforeEach(() => {
  tests += 1;
  ada = `ada-${tests}`;
});

const entry = (sessionId: string) => ({ session: session({ sessionId }), untilMs: 1000 });

it('has none of an account before one is written', async () => {
  expect(await degraded.read(ada)).toEqual({ entries: [], revision: 0 });
});

it('reads back what was written last, with the revision that the next write has to name', async () => {
  expect(await degraded.write(ada, [entry('s1')], 0)).toBe(true);
  expect(await degraded.read(ada)).toEqual({ entries: [entry('s1')], revision: 1 });
  expect(await degraded.write(ada, [entry('s2')], 1)).toBe(true);
  expect(await degraded.read(ada)).toEqual({ entries: [entry('s2')], revision: 2 });
});

it('lets one of two through that have read the same', async () => {
  for (const revision of [0, 1]) {
    const writes = [
      degraded.write(ada, [entry('s1')], revision),
      degraded.write(ada, [entry('s2')], revision),
    ];
    expect(new Set(await Promise.all(writes))).toEqual(new Set([false, true]));
  }
});

it('leaves the account and its purchases alone', async () => {
  const accounts = accountTable(table.name, table.client);
  await accounts.putPurchase(purchase({ accountId: ada }));
  await degraded.write(ada, [entry('s1')], 0);
  const { record, purchases } = await accounts.readAll(ada);
  expect({ record, purchases }).toEqual({ record: undefined, purchases: [purchase({ accountId: ada })] });
});

it('is unavailable when the table does not answer', async () => {
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', await deserted());
  const unreachable = tableDegradedSessions(table.name);
  vi.unstubAllEnvs();
  await expect(unreachable.read(ada)).rejects.toThrow(Unavailable);
  await expect(unreachable.write(ada, [], 0)).rejects.toThrow(Unavailable);
});
