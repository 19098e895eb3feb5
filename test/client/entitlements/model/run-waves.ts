import { isDeepStrictEqual } from 'node:util';
import { compareCatalogVersions } from '../../../../shared/domain/catalog.ts';
import type { Wave } from '../../../../shared/domain/catalog-messages.ts';
import type { Snapshot } from '../../../../shared/domain/entitlements.ts';
import { fromMs } from '../../../../shared/domain/instants.ts';
import { parseWave } from '../../../../client/src/service/messages.ts';
import type { Tally } from './check-schedules.ts';
import { fakeNetwork } from './fake-network.ts';
import { fakeService } from './fake-service.ts';
import { createJournal } from './journal.ts';
import { fakeTime } from './fake-time.ts';
import { openPage } from './open-page.ts';
import { createTape } from './tape.ts';

/*
 * One page that hears of waves, on a network where all is well: what it reads, and when, has no other reason than the
 * waves, being shown, and the look now and then. What it should do is said here once more, in plain rules.
 */

const START_MS = Date.parse('2026-11-22T10:00:00.000Z');
const DAY_MS = 24 * 3_600_000;
const RECHECK_MS = 5 * 60_000;
/** The slowest answer, and what is read once more behind it. */
const ANSWERED_WITHIN_MS = 25_000;
/** The first part of the window, and from where on those that do not play may come. */
const PARTS = {
  high: { early: 1 / 10, othersFrom: 1 / 10 },
  normal: { early: 1 / 3, othersFrom: 0 },
  low: { early: 1, othersFrom: 0 },
} as const;

/** When a page's turn has to come: between two moments, or when it is shown. */
type Turn = { readonly fromMs: number; readonly toMs: number } | 'when it is shown';

/** Runs one schedule. @throws Error at the first breach of a law, with what happened until then */
export async function runWaves(bytes: Uint8Array): Promise<Tally> {
  const tape = createTape(bytes);
  const time = fakeTime(START_MS);
  const { tally, note, breach, check, told } = createJournal(time);
  const network = fakeNetwork({ time, tape, onLostForGood: () => {}, note });
  network.calm();
  const service = fakeService({
    time,
    publish: network.publish,
    lagMs: () => 0,
    onUnannounced: () => {},
  });
  const storage = { getItem: () => null, setItem: () => {}, removeItem: () => {} };
  const announced: Wave[] = [];
  const known = new Set<string>();
  const turns = new Map<string, Turn>();
  let isHidden = false;
  let playing: readonly string[] = [];
  let isWaking = false;
  /** Something calls for a read that has not begun yet. */
  let isDue = false;
  let readAtMs = -Infinity;
  let calledAtMs = -Infinity;
  /** The newest catalogue that it was its turn to arrive at. */
  let owed = '';

  const page = openPage(
    {
      time,
      network: { ...network, call: slowly },
      service,
      storage,
      random: () => (tape.isOver ? 0.5 : tape.choose(256) / 256),
      lifeMs: DAY_MS,
      graceMs: DAY_MS,
      isHidden: () => isHidden,
      playingProductIds: () => playing,
    },
    {
      onMessage(text) {
        const wave = parseWave(text);
        if (wave) hear(wave);
      },
      onWave: takeTurn,
      onRead: read,
      onBreach: breach,
    },
  );

  try {
    await time.pass(20_000);
    while (!tape.isOver) {
      step();
      await pass(tape.pick([300, 0, 2000, 9000, 35_000, RECHECK_MS + 40_000]));
    }
    await pass(RECHECK_MS);
    show();
    await pass(ANSWERED_WITHIN_MS);
    if (turns.size > 0) breach('a turn has not come');
    check();
  } catch (error) {
    throw told(error);
  }
  page.close();
  return tally;

  /** Some answers take their time. */
  async function slowly<T>(answer: () => T, onArrived?: (answered: T) => void): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>();
    time.after(tape.pick([0, 0, 0, 2000, 9000]), resolve);
    await promise;
    return network.call(answer, onArrived);
  }

  function read(of: 'api' | 'cache'): void {
    note(`reads ${of}`);
    const isRecheck = time.now() - readAtMs >= RECHECK_MS;
    readAtMs = time.now();
    if (of === 'cache') return;
    if (!isDue && !isRecheck) breach('reads without a reason, or twice for one');
    if (!isDue && turns.size > 0) breach('reads before its turn');
    isDue = false;
  }

  /** What has to come of it, by the rules; before the page itself hears it. */
  function hear(wave: Wave): void {
    const { waveId, state } = wave;
    if (state === 'abort') {
      if (turns.delete(waveId)) note('is called off');
    } else if (!known.has(waveId)) turns.set(waveId, turnOf(wave));
    known.add(waveId);
  }

  function turnOf(wave: Wave): Turn {
    const { productIds, refreshWithinSeconds, priority } = wave;
    const plays =
      isConcerned(wave) && (productIds.length === 0 ? playing : meet(productIds, playing)).length > 0;
    if (isHidden && !plays) return 'when it is shown';
    const { early, othersFrom } = PARTS[priority];
    const [from, to] = plays ? [0, early] : [isConcerned(wave) ? othersFrom : 0, 1];
    const windowMs = refreshWithinSeconds * 1000;
    return { fromMs: time.now() + from * windowMs, toMs: time.now() + to * windowMs };
  }

  function takeTurn(wave: Wave): void {
    const turn = turns.get(wave.waveId);
    note(turn === 'when it is shown' ? 'turn when shown' : 'turn');
    if (!turn) return void breach('it is its turn for the second time, or after the wave was aborted');
    turns.delete(wave.waveId);
    const nowMs = time.now();
    const isRight =
      turn === 'when it is shown' ? isWaking : turn.fromMs - 1 <= nowMs && nowMs <= turn.toMs + 1;
    if (!isRight) breach('it is its turn at the wrong time');
    if (!isConcerned(wave)) return note('is not concerned any more');
    owed = wave.catalogVersion;
    call();
  }

  /** Whether the page is to read for this wave: it holds what has changed, by an older catalogue. */
  function isConcerned({ catalogVersion, productIds }: Wave): boolean {
    const snapshot = held();
    if (!snapshot || compareCatalogVersions(snapshot.catalogVersion, catalogVersion) >= 0) return false;
    const products = snapshot.entitlements.map(({ productId }) => productId);
    return productIds.length === 0 || meet(productIds, products).length > 0;
  }

  /** Everything that calls while the page is being shown is one reason. */
  function call(): void {
    if (isWaking) return;
    isDue = true;
    calledAtMs = time.now();
  }

  async function pass(ms: number): Promise<void> {
    await time.pass(ms);
    check();
    for (const turn of turns.values())
      if (turn !== 'when it is shown' && turn.toMs + 1 < time.now()) throw breach('its turn has not come');
    if (time.now() - calledAtMs <= ANSWERED_WITHIN_MS) return;
    if (isDue) throw breach('it was its turn, and it has not read');
    const holds = held()!;
    if (compareCatalogVersions(holds.catalogVersion, owed) < 0 && !isCommitted(holds))
      throw breach(`it holds ${holds.catalogVersion} after its turn to arrive at ${owed}`);
  }

  /**
   * Whether it is what the service has committed by the catalogue that is owed. A purchase's messages that overtake
   * the answer bring a page there, too; only its name for the catalogue is the older one until it reads next.
   */
  function isCommitted({ version, entitlements }: Snapshot): boolean {
    const { stored } = service;
    return (
      compareCatalogVersions(stored.catalogVersion, owed) >= 0 &&
      version === stored.version &&
      isDeepStrictEqual(entitlements, stored.entitlements)
    );
  }

  function step(): void {
    const what = tape.pick(STEPS);
    note(what);
    switch (what) {
      case 'wave':
        return service.tellOfWave(newWave());
      case 'wave, aborted first': {
        const wave = newWave();
        service.tellOfWave({ ...wave, state: 'abort' });
        return service.tellOfWave(wave);
      }
      case 'wave again':
        return announced.length === 0 ? undefined : service.tellOfWave(tape.pick(announced));
      case 'abort':
        return announced.length === 0
          ? undefined
          : service.tellOfWave({ ...tape.pick(announced), state: 'abort' });
      case 'hide':
        isHidden = true;
        return;
      case 'show':
        return show();
      case 'play':
        playing = tape.pick([['premium'], ['sports'], ['premium', 'sports'], []]);
        return;
      case 'buy':
        return buy();
    }
  }

  function newWave(): Wave {
    service.sellOtherwise();
    const wave: Wave = {
      waveId: `wave-${announced.length}`,
      state: 'start',
      catalogVersion: service.catalog.catalogVersion,
      productIds: tape.pick([[], ['premium'], ['sports']]),
      refreshWithinSeconds: tape.pick([60, 0, 240]),
      priority: tape.pick(['normal', 'high', 'low']),
    };
    announced.push(wave);
    return wave;
  }

  function show(): void {
    if (!isHidden) return;
    isHidden = false;
    call();
    isWaking = true;
    page.live.wake();
    isWaking = false;
  }

  function buy(): void {
    const productId = tape.pick(['premium', 'sports']);
    service.buy([
      {
        accountId: 'ada',
        purchaseId: productId,
        productId,
        status: tape.pick(['active', 'refunded']),
        validFrom: fromMs(START_MS),
        validUntil: null,
        notify: true,
        reported: { eventId: 'evt', occurredAt: fromMs(time.now()), revision: 0 },
      },
    ]);
  }

  function held(): Snapshot | undefined {
    return page.entitlements.standing === 'unknown' ? undefined : page.entitlements.snapshot;
  }
}

const STEPS = [
  'wave',
  'wave',
  'show',
  'hide',
  'abort',
  'play',
  'wave again',
  'buy',
  'wave, aborted first',
] as const;

function meet(some: readonly string[], others: readonly string[]): readonly string[] {
  return some.filter((one) => others.includes(one));
}
