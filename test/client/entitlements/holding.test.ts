import { beforeEach, expect, test } from 'vitest';
import {
  adopt,
  hear,
  UNKNOWN,
  type EntitlementState,
} from '../../../client/src/entitlements/entitlement-state.ts';
import { createHolding, type Entitlements } from '../../../client/src/entitlements/holding.ts';
import type { Kept, KeptSnapshots } from '../../../client/src/entitlements/kept-snapshot.ts';
import { createServerClock } from '../../../client/src/timing/server-clock.ts';
import type { Entitlement, Snapshot } from '../../../shared/domain/entitlements.ts';
import { fromMs } from '../../../shared/domain/instants.ts';
import { entitlement } from '../../support/catalogs.ts';
import { NOW, snapshotAt } from '../../support/snapshots.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const GRACE_MS = 72 * HOUR_MS;

let nowMs = NOW;
beforeEach(() => {
  nowMs = NOW;
});

const premium = entitlement();

const snapshotOf = (version: number, ...entitlements: Entitlement[]) => snapshotAt(version, entitlements);

/** By a clock that the service had set. */
const keptAt = (confirmedAtMs: number, ...entitlements: Entitlement[]): Kept => {
  const mark = { seenAtMs: confirmedAtMs, offsetMs: 0, isMeasured: true };
  return { snapshot: snapshotOf(7, ...entitlements), confirmedAtMs, ...mark };
};

/** What one browser keeps of each account, in memory. */
function createKept(...found: Kept[]): KeptSnapshots & { readonly all: Map<string, Kept> } {
  const all = new Map(found.map((kept) => [kept.snapshot.accountId, kept]));
  return {
    all,
    read: (accountId) => all.get(accountId),
    write: (kept) => void all.set(kept.snapshot.accountId, kept),
    forget: (accountId) => void all.delete(accountId),
  };
}

function createWorld(kept = createKept()) {
  const told: Entitlements[] = [];
  const clock = createServerClock({ now: () => nowMs, steadyNow: () => nowMs });
  const world = { clock, kept, graceMs: GRACE_MS, isHearing: () => true };
  const holding = createHolding(world, (entitlements) => told.push(entitlements));
  const answer = (snapshot: Snapshot): void =>
    holding.take(adopt(holding.state, { snapshot, provisional: false }, clock.now()), true);
  const message = (version: number, data: Entitlement): EntitlementState =>
    hear(
      holding.state,
      { type: 'entitlement.created', subject: 'ada', epoch: '0', version, data },
      clock.now(),
    );
  return { holding, told, kept, answer, message };
}

const grantsOf = (entitlements: Entitlements) =>
  entitlements.standing === 'unknown' ? undefined : entitlements.snapshot.access.grants;

test('shows what an earlier page kept as stale, and as confirmed when the service stands by it', () => {
  const { holding, told, answer } = createWorld(createKept(keptAt(NOW - HOUR_MS, premium)));
  holding.recall('ada');
  expect(told).toMatchObject([{ standing: 'stale', graceEndsAtMs: NOW - HOUR_MS + GRACE_MS }]);
  answer(snapshotOf(7, premium));
  expect(told.at(-1)!.standing).toBe('confirmed');
});

test('shows nothing of what was kept when its grace is over, and nothing of another account', () => {
  const { holding, told } = createWorld(createKept(keptAt(NOW - GRACE_MS, premium)));
  holding.recall('ada');
  holding.recall('bob');
  expect(told).toEqual([]);
});

test('what ended while no page was open has ended in the first picture', () => {
  const ended = { ...premium, heldUntil: fromMs(NOW - MINUTE_MS) };
  const { holding, told } = createWorld(createKept(keptAt(NOW - HOUR_MS, ended)));
  holding.recall('ada');
  expect(grantsOf(told[0]!)).toEqual([]);
});

test('what is known already does not give way to what was kept', () => {
  const { holding, told, answer } = createWorld();
  answer(snapshotOf(9));
  holding.recall('ada');
  expect(told).toHaveLength(1);
  expect(holding.state.snapshot!.version).toBe(9);
});

test('what was kept does not make it forget what it has heard of', () => {
  const { holding, message } = createWorld(createKept(keptAt(NOW - HOUR_MS)));
  holding.take(message(9, premium), false);
  holding.recall('ada');
  expect(holding.state.heard).toEqual({ epoch: '0', version: 9 });
});

test('a message counts at once, and confirms nothing by itself', () => {
  const { holding, told, message } = createWorld(createKept(keptAt(NOW - HOUR_MS)));
  holding.recall('ada');
  holding.take(message(8, premium), false);
  expect(told.at(-1)).toMatchObject({ standing: 'stale', graceEndsAtMs: NOW - HOUR_MS + GRACE_MS });
  expect(grantsOf(told.at(-1)!)).toEqual(['movies']);
});

test('counts for the whole grace after the service last stood by it, and not a moment longer', () => {
  const { holding, told, answer } = createWorld();
  answer(snapshotOf(7, premium));
  nowMs += 5 * HOUR_MS;
  holding.tick(); // the service has stood by it all the while
  holding.doubt();
  expect(told.at(-1)).toMatchObject({ standing: 'stale', graceEndsAtMs: nowMs + GRACE_MS });
  expect(holding.nextMomentMs()).toBe(nowMs + GRACE_MS);
  nowMs += GRACE_MS - 1;
  holding.tick();
  expect(told.at(-1)!.standing).toBe('stale');
  nowMs += 1;
  holding.tick();
  expect(told.at(-1)!.standing).toBe('unknown');
});

test('comes back from the end of its grace with the next answer, also when that says what it said before', () => {
  const { holding, told, answer } = createWorld();
  answer(snapshotOf(7, premium));
  holding.doubt();
  nowMs += GRACE_MS;
  holding.tick();
  answer(snapshotOf(7, premium));
  expect(told.map(({ standing }) => standing)).toEqual(['confirmed', 'stale', 'unknown', 'confirmed']);
});

test('begins and ends by the clock alone what was bought for later', () => {
  const later = { ...premium, validFrom: fromMs(NOW + HOUR_MS), heldUntil: fromMs(NOW + 2 * HOUR_MS) };
  const { holding, told, answer } = createWorld();
  answer(snapshotOf(7, later));
  expect(grantsOf(told.at(-1)!)).toEqual([]);
  for (const [atMs, grants] of [
    [NOW + HOUR_MS, ['movies']],
    [NOW + 2 * HOUR_MS, []],
  ] as const) {
    expect(holding.nextMomentMs()).toBe(atMs);
    nowMs = atMs;
    holding.tick();
    expect(grantsOf(told.at(-1)!)).toEqual(grants);
  }
  expect(holding.nextMomentMs()).toBe(Infinity);
});

test('tells nobody of a tick that changes nothing', () => {
  const { holding, told, answer } = createWorld();
  answer(snapshotOf(7, premium));
  nowMs += HOUR_MS;
  holding.tick();
  expect(told).toHaveLength(1);
});

test('drops what is held of another account than the tokens are for, and does not recall that again', () => {
  const kept = createKept(keptAt(NOW - HOUR_MS, premium));
  const { holding, told } = createWorld(kept);
  holding.recall('ada');
  holding.beOf('bob');
  holding.recall('ada');
  expect(told.map(({ standing }) => standing)).toEqual(['stale', 'unknown']);
  expect(kept.all.has('ada')).toBe(true);
});

test('keeps what is held of the account that the tokens are for', () => {
  const { holding, told } = createWorld(createKept(keptAt(NOW - HOUR_MS, premium)));
  holding.recall('ada');
  holding.beOf('ada');
  expect(told).toHaveLength(1);
});

test('keeps every change at once, and every five minutes that it was confirmed', () => {
  const { holding, kept, answer } = createWorld();
  answer(snapshotOf(7));
  answer(snapshotOf(8, premium));
  expect(kept.all.get('ada')).toMatchObject({ snapshot: { version: 8 }, confirmedAtMs: NOW });
  nowMs += 5 * MINUTE_MS - 1;
  holding.tick();
  expect(kept.all.get('ada')!.confirmedAtMs).toBe(NOW);
  nowMs += 1;
  holding.tick();
  expect(kept.all.get('ada')!.confirmedAtMs).toBe(nowMs);
});

test('does not lengthen the grace of what nobody confirms, however long it is kept', () => {
  const { holding, kept, answer } = createWorld();
  answer(snapshotOf(7));
  holding.doubt();
  nowMs += HOUR_MS;
  holding.tick();
  expect(kept.all.get('ada')).toMatchObject({ confirmedAtMs: NOW, seenAtMs: nowMs });
});

test('forgets what was kept of its account, also when it was too old to be shown', () => {
  for (const confirmedAtMs of [NOW - HOUR_MS, NOW - GRACE_MS]) {
    const kept = createKept(keptAt(confirmedAtMs));
    const { holding } = createWorld(kept);
    holding.recall('ada');
    holding.disown();
    expect(kept.all.size).toBe(0);
  }
});

test('finds anew what has ended when it turns out to be later than was thought, with the grace from then on', () => {
  const { holding, told, answer } = createWorld();
  answer(snapshotOf(7, { ...premium, heldUntil: fromMs(NOW + HOUR_MS) }));
  holding.doubt();
  nowMs += 2 * HOUR_MS;
  holding.retime(2 * HOUR_MS);
  expect(grantsOf(told.at(-1)!)).toEqual([]);
  expect(told.at(-1)).toMatchObject({ standing: 'stale', graceEndsAtMs: nowMs + GRACE_MS });
});

test('what an earlier page kept was confirmed when it says, whatever this page’s clock turns out to be', () => {
  const { holding, told } = createWorld(createKept(keptAt(NOW - HOUR_MS, premium)));
  holding.recall('ada');
  nowMs += GRACE_MS - HOUR_MS;
  holding.retime(GRACE_MS - HOUR_MS);
  expect(told.at(-1)!.standing).toBe('unknown');
});

test('shows what an earlier page kept when its grace turns out not to be over yet', () => {
  const { holding, told } = createWorld(createKept(keptAt(NOW, premium)));
  nowMs += GRACE_MS + HOUR_MS; // this device's clock is days ahead
  holding.recall('ada');
  expect(told).toEqual([]);
  nowMs = NOW + HOUR_MS;
  holding.retime(-GRACE_MS);
  expect(told).toMatchObject([{ standing: 'stale', graceEndsAtMs: NOW + GRACE_MS }]);
});

test('holds nothing at first, and tells of nothing', () => {
  const { holding, told } = createWorld();
  expect(holding.state).toEqual(UNKNOWN);
  expect(holding.nextMomentMs()).toBe(Infinity);
  holding.tick();
  holding.doubt();
  holding.disown();
  expect(told).toEqual([]);
});
