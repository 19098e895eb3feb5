import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { loadCatalog } from '../../shared/catalog.ts';
import type { Snapshot } from '../../shared/domain/entitlements.ts';
import { synthesized } from '../support/synthesized.ts';
import { sendDeadLettersBack } from './drills/dead-letters.ts';
import { deployedCatalogue } from './drills/deployed-catalogue.ts';
import { DRILLS, type Drill } from './drills/drills.ts';
import { createLoad, type Load } from './drills/load.ts';
import { ASKS, type Ask, type Noticed } from './drills/notes.ts';
import { writePage } from './drills/page.ts';
import { createStageTime } from './drills/stage-time.ts';
import { awsClient } from './running-stage.ts';
import { concurrencyOf, logged, stageCache, until } from './session-support.ts';
import { call, depthOf, startStack } from './support.ts';

/** `npm run test:full` names a number: then every drill is held, for as long as docs/drills.md says, and that is written. */
const { DRILL_ACCOUNTS: given } = process.env;
const IS_FULL = given !== undefined;
const ACCOUNTS = Number(given ?? 1);
const MINUTE_MS = 60_000;
/** Secrets are kept for five minutes: after six, all that runs has tried in vain to fetch them. */
const LASTS = { throttle: IS_FULL ? 60 : 20, momento: IS_FULL ? 60 : 30, ssm: IS_FULL ? 600 : 360 };
/** On a machine that is busy with other tests. */
const PATIENCE_MS = 240_000;
vi.setConfig({ testTimeout: PATIENCE_MS, hookTimeout: PATIENCE_MS });
/** In real time, for a second of the stage's in which somebody waits for what cannot be waited for. */
const WHILE_BEHIND_MS = 25;

let directory: string;
let stack: LocalStack;
let load: Load;
let catalogue: Awaited<ReturnType<typeof deployedCatalogue>>;
const time = createStageTime(() => (load?.isLevel() ? 0 : WHILE_BEHIND_MS));
const record: Noticed[] = [];
let passed = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'usher-drills-'));
  await cp(synthesized().assembly, directory, { recursive: true });
  stack = await startStack({ assembly: directory, clock: time.clock });
  catalogue = await deployedCatalogue(stack, directory);
  load = await createLoad(stack, time, ACCOUNTS);
  await untilLevel();
});
afterEach(({ task }) => {
  if (task.result?.state !== 'fail') passed += 1;
});
afterAll(async () => {
  await load?.stop();
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
  if (IS_FULL && passed === Object.keys(DRILLS).length) await writePage(record, ACCOUNTS);
});

/** Until nothing waits, and every screen shows what was bought, and plays; within half an hour of the stage's. */
async function untilLevel(): Promise<void> {
  const untilMs = Date.now() + 30 * MINUTE_MS;
  for (;;) {
    const waiting = await depthOf(stack, stack.outputs['CheckoutQueueUrl']);
    if (waiting === 0 && load.isLevel()) return;
    if (Date.now() > untilMs) throw new Error(`${waiting} messages wait, and not everybody is level`);
    await time.pass(5000);
  }
}

/**
 * Something goes wrong while everybody uses the stage, and ends. Nobody buys anything after that, until all are level;
 * and then nothing may be lost.
 */
async function drill(name: Drill, goesWrong: () => Promise<void>, pace = {}): Promise<Noticed> {
  load.run(pace);
  await time.pass(10_000);
  load.takeNotes(name);
  await goesWrong();
  load.stopBuying();
  const endedAtMs = Date.now();
  await untilLevel();
  load.notes().levelAfter(Date.now() - endedAtMs);
  load.pause();
  const noticed = load.takeNotes(name);
  record.push(noticed);
  await expectNothingLost();
  expect(noticed.screensWentBack + load.takeNotes(name).screensWentBack).toBe(0);
  return noticed;
}

async function expectNothingLost(): Promise<void> {
  await time.pass(50_000); // what visitors could not end is forgotten
  await untilLevel();
  const cache = stageCache(stack);
  const table = new DynamoDBClient(awsClient(stack, 'dynamodb'));
  for (const { viewer, screens } of load.accounts) {
    const { accountId } = viewer;
    const TableName = stack.outputs['TableName'];
    const { Item } = await table.send(
      new GetCommand({ TableName, Key: { pk: accountId, sk: 'account' }, ConsistentRead: true }),
    );
    const stored = JSON.parse(String(Item?.['snapshot'])) as Snapshot;
    expect(load.ledger.missingIn(accountId, stored)).toEqual([]);
    expect(Item).toMatchObject({ outbox: {}, inbox: {} });

    const cached = await cache.get(stack.outputs['MomentoCacheName']!, accountId);
    expect(JSON.parse(cached.value()!)).toEqual(stored);

    const { version, entitlements, access } = stored;
    for (const { snapshot } of screens) expect(snapshot).toMatchObject({ version, entitlements, access });

    const { sessions } = await concurrencyOf(stack, viewer);
    const playing = screens.map(({ sessionId }) => sessionId);
    expect(new Set(sessions.map(({ sessionId }) => sessionId))).toEqual(new Set(playing));
  }
  table.destroy();
  expect(await depthOf(stack, stack.outputs['DeadLetterQueueUrl'])).toBe(0);
}

/** To come back, or nothing in time: what a function that begins cold answers on a busy machine, in any drill. */
const LATER = ['0', '429', '503'];

/** Nothing was refused but this. */
function expectRefused({ asked }: Noticed, allowed: Partial<Record<Ask, readonly string[]>>): void {
  const refused = Object.entries(asked).flatMap(([ask, { refused: statuses }]) =>
    Object.keys(statuses).map((status) => ({ ask, status })),
  );
  const isAllowed = ({ ask, status }: { ask: string; status: string }) =>
    [...LATER, ...(allowed[ask as Ask] ?? [])].includes(status);
  expect(refused.filter((one) => !isAllowed(one))).toEqual([]);
}

test(`${DRILLS.flush}: who plays goes on playing, and what was cached is cached again`, async () => {
  const noticed = await drill(DRILLS.flush, async () => {
    time.after(5000, () => stack.momento.flushCache(stack.outputs['MomentoCacheName']!));
    await time.pass(30_000);
  });
  // A visitor has taken the slot of somebody who then started again, as the library does without a word.
  expectRefused(noticed, { heartbeat: ['410 expired'] });
  expect(noticed.stopped).toEqual({});
});

test(`${DRILLS.throttle}: purchases wait, and whatever is cached is answered`, async () => {
  const refusedBefore = stack.dynamodb.throttled;
  const noticed = await drill(DRILLS.throttle, async () => {
    stack.dynamodb.throttle();
    await time.pass(LASTS.throttle * 500);
    stack.dynamodb.throttle({ onePassesOf: 3 });
    await time.pass(LASTS.throttle * 500);
    stack.dynamodb.unthrottle();
  });
  expect(stack.dynamodb.throttled).toBeGreaterThan(refusedBefore);
  expectRefused(noticed, {}); // who knows of a newer version than is cached is asked to come back
  expect(noticed.stopped).toEqual({});
});

test(`${DRILLS.momento}: who plays goes on playing, who starts is admitted, and pushes are made up for`, async () => {
  const noticed = await drill(DRILLS.momento, async () => {
    stack.momento.block();
    await time.pass(LASTS.momento * 1000);
    stack.momento.unblock();
  });
  expectRefused(noticed, {
    end: ['410 expired'],
    start: ['409'], // the table admits as many as the limit, for ten minutes each
    heartbeat: ['410 expired'], // of whom a visitor has the slot: then it starts again, as after a flush
  });
  expect(noticed.degraded).toBeGreaterThan(0);
  expect(noticed.stopped).toEqual({});
});

test(`${DRILLS.ssm}: what runs goes on with what it knows, and what starts cold asks to come back`, async () => {
  const noticed = await drill(
    DRILLS.ssm,
    async () => {
      stack.ssm.block();
      await time.pass(LASTS.ssm * 1000);
      // Nobody has called this function yet.
      const [account] = load.accounts;
      const cold = await call(stack, '/sessions/none', { viewer: account!.viewer, method: 'DELETE' });
      expect(cold.status).toBe(503);
      expect(Number(cold.headers.get('retry-after'))).toBeGreaterThan(0);
      stack.ssm.unblock();
    },
    { slowly: IS_FULL ? 1 : 6 },
  );
  expectRefused(noticed, {});
  expect(noticed.stopped).toEqual({});
});

function messageIdIn(line: string): string {
  return (JSON.parse(line) as { readonly messageId: string }).messageId;
}

const catalog = loadCatalog();
const [day] = catalog.catalogVersion.split('.');
const [wrongVersion, goodVersion] = [`${day}.9001`, `${day}.9002`];

// Every start that fails is a thread for nothing, and all begin anew afterwards: too much for every run.
test.each(IS_FULL ? [DRILLS.invalid] : [])(
  '%s: synth refuses it, functions refuse to start, and nobody loses anything',
  async (name) => {
    const [free, premium, ...others] = catalog.products;
    const invalid = { ...catalog, products: [free, { ...premium, maxStreams: 0 }, ...others] };
    expect(() => loadCatalog(invalid)).toThrow(/^catalog\.json: products\.1\.maxStreams/);

    const noticed = await drill(name, async () => {
      await catalogue.deploy(invalid);
      await time.pass(12_000);
      await catalogue.deploy(catalog);
    });
    const failing = ['500', '502', '504'];
    expectRefused(noticed, Object.fromEntries(ASKS.map((ask) => [ask, failing])));
    // Only where a busy machine makes more of it than a lease lasts; who starts then, fails.
    expect(Object.keys(noticed.stopped).filter((why) => why !== 'lost' && why !== 'failed')).toEqual([]);
  },
);

test(`${DRILLS.wrong}: what it takes away comes back with the old one under a new version, and no version goes back`, async () => {
  const renamed = catalog.products.map((product) =>
    product.productId === 'premium' ? { ...product, productId: 'premium-plus' } : product,
  );
  const wrong = { ...catalog, catalogVersion: wrongVersion, products: renamed };
  expect(() => loadCatalog(wrong)).not.toThrow(); // synth cannot know what accounts own

  const noticed = await drill(DRILLS.wrong, async () => {
    load.stopBuying();
    await time.pass(5000);
    stack.dynamodb.throttle();
    const before = logged(stack, 'waits').length;
    const waiting = () => new Set(logged(stack, 'waits').slice(before).map(messageIdIn));
    await load.renewPremium();
    await until(async () => waiting().size === ACCOUNTS);
    await catalogue.deploy(wrong);
    stack.dynamodb.unthrottle();
    load.startBuying();
    const isLost = () =>
      load.accounts.every(({ screens }) => screens.every((one) => one.sessionId === undefined));
    for (let s = 0; s < 60 && !isLost(); s += 5) await time.pass(5000);
    expect(isLost()).toBe(true);
    const deadLetters = async () => depthOf(stack, stack.outputs['DeadLetterQueueUrl']);
    await time.pass(30_000);
    // A message that has been tried three times by now comes back 80 seconds later.
    for (let s = 0; s < 120 && (await deadLetters()) < ACCOUNTS; s += 5) await time.pass(5000);
    await until(async () => (await deadLetters()) === ACCOUNTS);

    // The commit before does not help: its catalogue is older than what accounts were computed with.
    for (const old of IS_FULL ? [catalog] : []) {
      await catalogue.deploy(old);
      await time.pass(10_000);
      expect(isLost()).toBe(true);
    }

    await catalogue.deploy({ ...catalog, catalogVersion: goodVersion });
    const reasons = await sendDeadLettersBack(stack, ACCOUNTS);
    expect(new Set(reasons)).toEqual(new Set(["UnknownProduct: the catalogue sells no product 'premium'"]));
  });
  expect(noticed.stopped).toEqual({ 'over: revoked': 2 * ACCOUNTS });
});
