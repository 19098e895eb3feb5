import { type Kept, keptSnapshots } from '../../../../client/src/entitlements/kept-snapshot.ts';
import type { Snapshot } from '../../../../shared/domain/entitlements.ts';
import { fromMs } from '../../../../shared/domain/instants.ts';
import type { Tally } from './check-schedules.ts';
import { fakeNetwork } from './fake-network.ts';
import { fakeService } from './fake-service.ts';
import { createJournal } from './journal.ts';
import { fakeTime } from './fake-time.ts';
import { openPage, type Page } from './open-page.ts';
import { createTape } from './tape.ts';

/*
 * Two tabs of one browser, each with a bad network of its own, and the one snapshot that both keep. A third page could
 * be opened at any moment: what it would show first is what is kept then.
 */

const START_MS = Date.parse('2026-11-22T10:00:00.000Z');
const MINUTE_MS = 60_000;
const GRACE_MS = 24 * 60 * MINUTE_MS;

/** Runs one schedule. @throws Error at the first breach of a law, with what happened until then */
export async function runTabs(bytes: Uint8Array): Promise<Tally> {
  const tape = createTape(bytes);
  const time = fakeTime(START_MS);
  const { tally, seconds, note, breach, check, told } = createJournal(time);
  const networks = [0, 1].map(() => fakeNetwork({ time, tape, onLostForGood: () => {}, note: () => {} }));
  const service = fakeService({
    time,
    publish(topic, message) {
      for (const network of networks) network.publish(topic, message);
    },
    lagMs: () => tape.pick([0, 0, 800, 5000]),
    onUnannounced: () => {},
  });
  const items = new Map<string, string>();
  const storage = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem(key: string, text: string) {
      const before = kept();
      items.set(key, text);
      keeps(before, kept());
    },
    removeItem: () => void breach('forgets what was kept'),
  };
  /** The newest that any page of this browser has shown. */
  let newest: Snapshot | undefined;
  const pages: (Page | undefined)[] = [open(0), open(1)];

  try {
    while (!tape.isOver) {
      await step(tape.choose(2));
      await time.pass(tape.pick([300, 5 * MINUTE_MS, 2000, 9000, 35_000, 5 * MINUTE_MS]));
      check();
    }
  } catch (error) {
    throw told(error);
  }
  for (const page of pages) page?.close();
  return tally;

  function open(tab: number): Page {
    note(`tab ${tab} opens`);
    const atLeast = newest;
    let first: Snapshot | undefined;
    return openPage(
      {
        time,
        network: networks[tab]!,
        service,
        storage,
        random: () => (tape.isOver ? 0.5 : tape.choose(256) / 256),
        lifeMs: tape.pick([30, 4]) * MINUTE_MS,
        graceMs: GRACE_MS,
      },
      {
        onEntitlements(entitlements) {
          if (entitlements.standing === 'unknown') return;
          const { snapshot, standing } = entitlements;
          note(`tab ${tab} shows ${standing}`, `${snapshot.epoch}.${snapshot.version}`);
          if (!first && atLeast && compare(snapshot, atLeast) < 0)
            breach(`starts with ${snapshot.version} after ${atLeast.version} was shown`);
          first ??= snapshot;
          if (!newest || compare(newest, snapshot) < 0) newest = snapshot;
        },
        onBreach: breach,
      },
    );
  }

  function keeps(before: Kept | undefined, now: Kept | undefined): void {
    if (!now) return void breach('keeps what nobody can read');
    if (!before) return;
    const order = compare(now.snapshot, before.snapshot);
    note(order === 0 ? 'keeps the same' : 'keeps a newer', `confirmed ${seconds(now.confirmedAtMs)}`);
    if (order < 0) breach(`keeps ${now.snapshot.version} after ${before.snapshot.version}`);
    // A time that is still to come by the clock of the tab that keeps it was another clock's mistake.
    if (order === 0 && now.confirmedAtMs < Math.min(before.confirmedAtMs, now.seenAtMs))
      breach(`keeps it as confirmed ${before.confirmedAtMs - now.confirmedAtMs} ms earlier than it was`);
  }

  function kept(): Kept | undefined {
    return keptSnapshots(() => ({ ...storage, setItem: () => {} })).read('ada');
  }

  async function step(tab: number): Promise<void> {
    const what = tape.pick(STEPS);
    note(what, `tab ${tab}`);
    switch (what) {
      case 'buy':
        return buy();
      case 'goes offline':
        return networks[tab]!.goOffline();
      case 'comes online':
        networks[tab]!.goOnline();
        return pages[tab]?.live.reconnect();
      case 'damage':
        return networks[tab]!.damageOne();
      case 'reload':
        pages[tab]?.close();
        pages[tab] = open(tab);
        return;
      case 'close':
        pages[tab]?.close();
        pages[tab] = undefined;
        return;
      case 'refresh':
        return pages[tab]?.live.refresh();
      case 'restore':
        return service.restore();
      case 'sleep':
        return sleep();
    }
  }

  async function sleep(): Promise<void> {
    time.device.sleep();
    await time.pass(tape.pick([10_000, 3 * MINUTE_MS, 50 * MINUTE_MS]));
    time.device.wake(tape.choose(2) === 1);
  }

  function buy(): void {
    const purchaseId = tape.pick(['p1', 'p2']);
    service.buy([
      {
        accountId: 'ada',
        purchaseId,
        productId: tape.pick(['premium', 'sports']),
        status: tape.pick(['active', 'refunded']),
        validFrom: fromMs(START_MS),
        validUntil: null,
        notify: true,
        reported: { eventId: 'evt', occurredAt: fromMs(time.now()), revision: 0 },
      },
    ]);
  }
}

const STEPS = [
  'buy',
  'goes offline',
  'close',
  'comes online',
  'reload',
  'refresh',
  'damage',
  'sleep',
  'restore',
] as const;

function compare(a: Snapshot, b: Snapshot): number {
  return Number(a.epoch) - Number(b.epoch) || a.version - b.version;
}
