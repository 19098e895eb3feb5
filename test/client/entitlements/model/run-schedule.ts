import { isDeepStrictEqual } from 'node:util';
import type { ConnectionState } from '../../../../client/src/entitlements/connection.ts';
import { followEntitlements } from '../../../../client/src/entitlements/follow-entitlements.ts';
import type { Entitlements } from '../../../../client/src/entitlements/holding.ts';
import { keptSnapshots } from '../../../../client/src/entitlements/kept-snapshot.ts';
import { delayAfter } from '../../../../client/src/timing/backoff.ts';
import { Refusal } from '../../../../client/src/service/problems.ts';
import { createServerClock } from '../../../../client/src/timing/server-clock.ts';
import { compareCatalogVersions } from '../../../../shared/domain/catalog.ts';
import { foldAccess, type Snapshot } from '../../../../shared/domain/entitlements.ts';
import { fromMs, toMs } from '../../../../shared/domain/instants.ts';
import type { Purchase } from '../../../../shared/domain/purchases.ts';
import type { Tally } from './check-schedules.ts';
import { fakeNetwork } from './fake-network.ts';
import { fakeService } from './fake-service.ts';
import { createJournal } from './journal.ts';
import { fakeTime } from './fake-time.ts';
import { createTape } from './tape.ts';

/*
 * One page of one account, through the library's own code, against the domain's own rules. A schedule is a tape of
 * bytes: whatever is decided, the next byte decides it, and after the last one all is well. So a tape is all that a
 * run depends on, and a shorter one of lesser bytes is a simpler run.
 */

const START_MS = Date.parse('2026-11-22T10:00:00.000Z');
const MINUTE_MS = 60_000;
const GRACE_MS = 30 * MINUTE_MS;
/** What is kept for the next page is as old as this. */
const KEPT_AFTER_MS = 5 * MINUTE_MS;
/** By then a page that misses something it was never told of has asked again: the look now and then, and a wave. */
const LONGEST_MS = 9 * MINUTE_MS;

/** Runs one schedule. @throws Error at the first breach of a law, with what happened until then */
export async function runSchedule(bytes: Uint8Array): Promise<Tally> {
  const tape = createTape(bytes);
  const time = fakeTime(START_MS);
  const { tally, write, note, breach, check, told } = createJournal(time);
  /** Counts what nobody will be told of, and how much of that a read has found out. */
  let unannounced = 0;
  let foundOut = 0;
  let missedAtMs = -Infinity;
  const network = fakeNetwork({
    time,
    tape,
    onLostForGood: miss,
    note(what) {
      note(what);
      if (what === 'closed the last') breach('it has made itself deaf');
    },
  });
  const service = fakeService({
    time,
    publish: (topic, message) => network.publish(topic, message),
    lagMs: () => tape.pick([0, 0, 0, 800, 5000]),
    onUnannounced: miss,
  });
  const items = new Map<string, string>();
  const storage = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, text: string) => void items.set(key, text),
    removeItem: (key: string) => void items.delete(key),
  };
  let purchases = 0;
  let waves = 0;
  let lastWaveId = 'none';
  let isHidden = false;
  /** Whether nobody hears or reads the cache; `refuses`: nobody is given tokens either. */
  let momento: 'there' | 'hangs' | 'fails' | 'refuses' = 'there';
  let isReloaded = false;
  /** The newest that this page, or one before it, has shown. */
  let newest: Snapshot | undefined;
  let confirmedAtMs = -Infinity;
  /** Whether nobody has set the device's clock. */
  let isClockSteady = true;
  time.device.setBy(tape.pick([0, 0, 3_600_000, -3_600_000, 40 * 3_600_000, -40 * 3_600_000]));
  let page = open();

  try {
    await time.pass(2000);
    while (!tape.isOver) {
      await step();
      await time.pass(tape.pick([300, 0, 2000, 9000, 35_000]));
      check();
    }
    await settle();
    check();
  } catch (error) {
    throw told(error);
  }
  page.close();
  return tally;

  function open() {
    const clock = createServerClock(time.device);
    const lifeMs = tape.pick([30, 4, 10]) * MINUTE_MS;
    const shown = {
      entitlements: { standing: 'unknown' } as Entitlements,
      connection: 'offline' as ConnectionState,
    };
    let isGone = false;
    const random = () => (tape.isOver ? 0.5 : tape.choose(256) / 256);
    const live = followEntitlements(
      {
        readGrant: () =>
          ask(() => {
            if (momento === 'refuses') throw new Refusal(503, 'unavailable', 'Momento is away', 2);
            return {
              userId: 'ada',
              cacheName: 'usher',
              endpoint: 'cell.example',
              issuedAt: fromMs(time.now()),
              expiresAt: fromMs(time.now() + lifeMs),
              token: 't',
              cacheToken: 'c',
            };
          }),
        readEntitlements: ({ atLeast, known }) =>
          ask(
            () => {
              if (momento !== 'there') service.flush(); // it answers from the table
              const reading = service.read(atLeast);
              const { snapshot, provisional } = reading;
              const isUpToDate = provisional || isNewest(snapshot);
              const found = isUpToDate ? unannounced : 0;
              note('read');
              const answer =
                known && !provisional && sameTag(known, snapshot) ? { ...reading, snapshot: known } : reading;
              return { ...answer, found };
            },
            ({ snapshot, found }) => isGone || answered(snapshot, found),
          ),
        connect: async ({ expiresAt }) => ({
          hear: (topic, events) => viaMomento(() => network.hear(topic, events, toMs(expiresAt)), true),
          readSnapshot: () =>
            viaMomento(() =>
              network
                .call(
                  () => ({
                    text: service.cached && JSON.stringify(service.cached),
                    found: service.cached && isNewest(service.cached) ? unannounced : 0,
                  }),
                  ({ text, found }) => isGone || text === undefined || answered(JSON.parse(text), found),
                )
                .then(({ text }) => text),
            ),
        }),
        delayAfter: (error, failures) => delayAfter(error, failures, random),
        clock,
        after: time.device.after,
        random,
        kept: keptSnapshots(() => storage),
        graceMs: GRACE_MS,
        accountId: 'ada',
        isHidden: () => isHidden,
        playingProductIds: () => (waves % 2 ? ['premium'] : []),
      },
      {
        onEntitlements(entitlements) {
          if (isGone) breach('it tells of something after it was stopped');
          const before = shown.entitlements;
          shown.entitlements = entitlements;
          if (entitlements.standing === 'unknown') return lost(before);
          see(entitlements);
        },
        onConnection(state) {
          shown.connection = state;
          note(state);
        },
        onMessage: () => note('message'),
        onSessionEnd: () => {},
        onWave: () => note('turn'),
        onStopped: (error) => breach(`it has stopped: ${String(error)}`),
      },
    );
    return {
      live,
      clock,
      shown,
      close() {
        network.drop();
        live.stop();
        isGone = true;
        time.device.forget();
      },
    };
  }

  /** Of the API: what else may go wrong does not while Momento is away. */
  function ask<T>(answer: () => T, onArrived?: (answered: T) => void): Promise<T> {
    if (momento === 'there') return network.call(answer, onArrived);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    time.after(80, () => {
      try {
        const given = answer();
        onArrived?.(given);
        resolve(given);
      } catch (error) {
        reject(error);
      }
    });
    return promise;
  }

  /** Its SDK gives up a read of the cache by itself, and waits for a subscription as long as it takes. */
  async function viaMomento<T>(asked: () => Promise<T>, hangs = false): Promise<T> {
    if (momento === 'hangs' && hangs) await new Promise<never>(() => {});
    if (momento !== 'there') throw new Error('Momento is away');
    return asked();
  }

  /** What comes after a newer message tells nothing. */
  function answered(read: Snapshot, found: number): void {
    if (!newest || !isOlder(read, newest)) foundOut = Math.max(foundOut, found);
  }

  function see({ standing, snapshot }: Extract<Entitlements, { snapshot: Snapshot }>): void {
    write(`shows ${snapshot.epoch}.${snapshot.version} of ${snapshot.catalogVersion}, ${standing}`);
    if (newest && isOlder(snapshot, newest)) breach(`shows ${snapshot.version} after ${newest.version}`);
    const isOlderEdition =
      newest?.version === snapshot.version &&
      newest.epoch === snapshot.epoch &&
      compareCatalogVersions(snapshot.catalogVersion, newest.catalogVersion) < 0;
    if (isOlderEdition) breach(`shows ${snapshot.catalogVersion} after ${newest!.catalogVersion}`);
    if (standing === 'confirmed') confirmedAtMs = time.now();
    if (isReloaded) note('shown after a reload');
    isReloaded = false;
    newest = snapshot;
  }

  function lost(before: Entitlements): void {
    if (before.standing === 'unknown') return;
    note('grace over');
    // A clock that was set forward while nobody could be asked cannot be told from a sleep.
    if (isClockSteady && time.now() - confirmedAtMs < GRACE_MS - KEPT_AFTER_MS)
      breach('locked out before the grace is over');
  }

  async function step(): Promise<void> {
    const what = tape.pick(STEPS);
    note(what);
    switch (what) {
      case 'buy':
        return service.buy([purchase()]);
      case 'buy a lot':
        return service.buy(Array.from({ length: 17 }, (_, n) => purchase(`lot-${n}`)));
      case 'catalogue':
        return sellOtherwise();
      case 'abort':
        return service.tellOfWave({ ...wave(), waveId: lastWaveId, state: 'abort' });
      case 'restore':
        return service.restore();
      case 'flush':
        return service.flush();
      case 'damage':
        return network.damageOne();
      case 'offline':
        network.goOffline();
        await time.pass(tape.pick([1000, 4000, 20_000, 70_000, 40 * MINUTE_MS]));
        network.goOnline();
        if (tape.choose(2)) page.live.reconnect();
        return;
      case 'momento away':
        return loseMomento();
      case 'sleep':
        return sleep();
      case 'set the clock':
        isClockSteady = false;
        return time.device.setBy(tape.pick([-3_600_000, 3_600_000, -600_000, 86_400_000, -86_400_000]));
      case 'hide':
        isHidden = true;
        return;
      case 'show':
        return appear();
      case 'reload':
        page.close();
        isReloaded = true;
        page = open();
        return;
      case 'reload without a trace':
        page.close();
        items.clear();
        newest = undefined;
        page = open();
        return;
      case 'another tab':
        return anotherTab();
    }
  }

  function appear(): void {
    isHidden = false;
    page.live.wake();
  }

  /** Whoever looks at the page sees what the API has known for two minutes, and that more may have happened. */
  async function loseMomento(): Promise<void> {
    momento = tape.pick(['fails', 'refuses', 'hangs']);
    cutLines();
    service.buy([purchase()]);
    await time.pass(16_000);
    if (tape.choose(2)) {
      cutLines(); // what was on its way has come
      const { stored } = service;
      await time.pass(2 * MINUTE_MS);
      const { entitlements, connection } = page.shown;
      const isLate = !entitlements.snapshot || isOlder(entitlements.snapshot, stored);
      const waits = waves > 0; // for the turn that a wave has given it
      if (isLate && !waits) breach('it does not show what the API answers');
      if (entitlements.standing === 'confirmed' || connection === 'live') breach('it takes itself for live');
    }
    momento = 'there';
  }

  function cutLines(): void {
    for (const line of network.lines) {
      line.hearing = 'not';
      line.events.onError('away');
    }
  }

  async function sleep(): Promise<void> {
    time.device.sleep();
    network.goOffline();
    await time.pass(tape.pick([10_000, 3 * MINUTE_MS, 50 * MINUTE_MS]));
    time.device.wake(tape.choose(2) === 1);
    network.goOnline();
    if (tape.choose(2)) page.live.wake();
  }

  function sellOtherwise(): void {
    if (!service.sellOtherwise()) return;
    const announced = wave();
    lastWaveId = announced.waveId;
    miss(); // whom it does not reach learns of it when it asks
    if (tape.choose(4) < 3) service.tellOfWave(announced);
  }

  function wave() {
    return {
      waveId: `wave-${++waves}`,
      state: 'start',
      catalogVersion: service.catalog.catalogVersion,
      productIds: tape.pick([[], ['premium'], ['archive']]),
      refreshWithinSeconds: tape.pick([60, 0, 120]),
      priority: tape.pick(['normal', 'high', 'low']),
    } as const;
  }

  /** Another tab, which has not come as far, keeps what it held. */
  function anotherTab(): void {
    const [text] = items.values();
    if (text === undefined || !newest) return;
    const kept = keptSnapshots(() => storage);
    const held = kept.read('ada');
    if (!held || held.snapshot.version === 0) return;
    const older = { ...held.snapshot, version: held.snapshot.version - 1, entitlements: [] };
    kept.write({ ...held, snapshot: older });
  }

  function purchase(purchaseId: string = tape.pick(['p1', 'p2', 'p3', 'p4'])): Purchase {
    const nowMs = Math.floor(time.now() / 1000) * 1000;
    const startsMs = nowMs + tape.pick([-60_000, -60_000, 45_000, 7 * MINUTE_MS]);
    const lastsMs = tape.pick([undefined, undefined, 2 * MINUTE_MS, 20 * MINUTE_MS]);
    return {
      accountId: 'ada',
      purchaseId,
      productId: tape.pick(['premium', 'sports', 'premium', 'archive']),
      status: tape.pick(['active', 'cancelled', 'refunded']),
      validFrom: fromMs(startsMs),
      validUntil: lastsMs === undefined ? null : fromMs(startsMs + lastsMs),
      notify: tape.choose(8) !== 7,
      reported: { eventId: `evt_${++purchases}`, occurredAt: fromMs(nowMs), revision: 0 },
    };
  }

  /** The network is back and somebody looks at the page; then the service's answer is the page's. */
  async function settle(): Promise<void> {
    note('settle');
    network.calm();
    tape.end();
    if (isHidden) appear();
    await time.pass(32_000); // whatever was under way has come or failed, and the clock was looked at
    for (let waits = 0; !isWell(); waits++) {
      if (waits > 40) throw breach(`it does not come back: ${page.shown.connection}`);
      await time.pass(5000);
    }
    await time.pass(3000);
    await untilNothingIsDue();
    missedAtMs = time.now();
    // A message does not say by which catalogue it was computed: a page that began with an older answer applies it,
    // and knows of the newer catalogue when it asks.
    const isUnaware = () => foundOut < unannounced || isOfOlderCatalogue();
    note(isUnaware() ? 'unannounced' : 'announced');
    while (isUnaware()) {
      if (time.now() - missedAtMs > LONGEST_MS) throw breach('nobody has asked again');
      await time.pass(15_000);
      await untilNothingIsDue();
    }
    compare('in the end');

    const reads = tally['read'];
    service.buy([
      { ...purchase('last'), validFrom: fromMs(START_MS), productId: 'sports', status: 'active' },
    ]);
    await time.pass(500);
    if (page.shown.connection === 'live' && tally['read'] === reads && !isUnaware())
      compare('when something happens');
    else note('read meanwhile');
    if (Math.abs(page.clock.now() - time.now()) > 8000)
      throw breach(`the clock is wrong by ${page.clock.now() - time.now()} ms`);
  }

  function isOfOlderCatalogue(): boolean {
    const { entitlements: shown } = page.shown;
    return shown.standing === 'confirmed' && shown.snapshot.catalogVersion !== service.stored.catalogVersion;
  }

  /** Whether it says that it is live, and is. */
  function isWell(): boolean {
    const topics = new Set(
      network.lines.filter(({ hearing }) => hearing === 'well').map(({ topic }) => topic),
    );
    return page.shown.connection === 'live' && topics.size === 2;
  }

  async function untilNothingIsDue(): Promise<void> {
    if (service.isRecomputing) await time.pass(3000);
    // The page's clock may be some seconds off.
    await time.pass(Math.max(0, service.committedAtMs + 8000 - time.now()));
    const { nextChangeAt } = service.stored;
    const dueInMs = nextChangeAt === null ? Infinity : toMs(nextChangeAt) - time.now();
    const isQuiet = time.now() >= service.committedAtMs + 8000; // nothing was committed while that passed
    if (isQuiet && dueInMs >= 20_000) return;
    if (dueInMs < 20_000) await time.pass(dueInMs + 12_000);
    await untilNothingIsDue();
  }

  function compare(when: string): void {
    const { entitlements: shown, connection } = page.shown;
    if (shown.standing !== 'confirmed' || connection !== 'live')
      throw breach(`${when} it is ${shown.standing}, ${connection}`);
    const { stored } = service;
    const should = {
      ...tagOf(stored),
      entitlements: stored.entitlements,
      access: foldAccess(stored.entitlements, time.now()),
    };
    const { entitlements, access } = shown.snapshot;
    const is = { ...tagOf(shown.snapshot), entitlements, access };
    if (!isDeepStrictEqual(is, should))
      throw breach(`${when} it shows ${JSON.stringify(is)}\n instead of ${JSON.stringify(should)}`);
  }

  /** Nothing newer is stored, or sold. */
  function isNewest(snapshot: Snapshot): boolean {
    const { catalogVersion } = service.catalog;
    return sameTag(snapshot, { ...service.stored, catalogVersion });
  }

  function miss(): void {
    missedAtMs = time.now();
    unannounced++;
  }
}

const STEPS = [
  'buy',
  'buy',
  'buy',
  'buy',
  'buy',
  'damage',
  'damage',
  'offline',
  'sleep',
  'momento away',
  'hide',
  'show',
  'catalogue',
  'abort',
  'reload',
  'another tab',
  'buy a lot',
  'set the clock',
  'flush',
  'restore',
  'reload without a trace',
] as const;

function tagOf({ epoch, version, catalogVersion }: Snapshot) {
  return { epoch, version, catalogVersion };
}

function isOlder(a: Snapshot, b: Snapshot): boolean {
  return (Number(a.epoch) - Number(b.epoch) || a.version - b.version) < 0;
}

function sameTag(a: Snapshot, b: Snapshot): boolean {
  return isDeepStrictEqual(tagOf(a), tagOf(b));
}
