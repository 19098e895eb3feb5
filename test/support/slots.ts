import { MOST_STREAMS, type Snapshot } from '../../shared/domain/entitlements.ts';
import { Outage, Throttled, type Unavailable } from '../../shared/errors.ts';
import type { SlotsRead, SlotStore } from '../../shared/ports.ts';

/**
 * What becomes of one operation:
 *
 * - `answered`: it takes effect at one instant and is answered
 * - `lost`: it never arrives
 * - `unanswered`: it takes effect, and the caller hears nothing
 * - `late`: the caller gives up, and it takes effect when {@link FakeSlots.land} is called
 * - `repeated`: it takes effect, the answer is lost, and the adapter tries once more on a new connection
 * - `torn`: a read whose keys are not all read at the same instant, which Momento does not promise
 * - `throttled`: Momento's quota is used up
 */
export type Outcome = 'answered' | 'lost' | 'unanswered' | 'late' | 'repeated' | 'torn' | 'throttled';

/** An operation under way. */
export interface Operation {
  readonly name: 'read' | 'replace';
  readonly accountId: string;
}

/** One change of what stands in a slot, or a renewal (`seen` and `text` are the same). */
export interface Write {
  readonly accountId: string;
  readonly number: number;
  readonly seen: string | undefined;
  readonly text: string;
}

export interface SlotHooks {
  /** Awaited before every instant at which an operation touches the cache; the first decides what becomes of it. */
  readonly before?: (operation: Operation) => Promise<Outcome | void>;
  /** Awaited between the effect and its answer. */
  readonly after?: (operation: Operation) => Promise<void>;
  readonly written?: (write: Write) => void;
}

/** Slots in memory, and what a test does to them. */
export interface FakeSlots extends SlotStore {
  /** The snapshots that are cached, by account. */
  readonly snapshots: Map<string, Snapshot>;
  /** Names of the operations that were asked for. */
  readonly calls: Operation['name'][];
  /** What becomes of the next operations, or of the next of that name, one each; afterwards all are answered. */
  next(outcomes: readonly Outcome[], name?: Operation['name']): void;
  /** Answers nothing from now on, or again. */
  setOutage(on: boolean): void;
  /** Forgets everything, snapshots too. */
  flush(): void;
  /** Lets one operation take effect whose caller has given up, the oldest first. False when there is none. */
  land(): boolean;
  /** The texts that stand now. */
  texts(accountId?: string): readonly (string | undefined)[];
  /** When the slot's text is forgotten. */
  endsAtMs(number: number, accountId?: string): number | undefined;
  /** The same slots and snapshots as they are now, in a store of its own that always answers. */
  copy(now: () => number): FakeSlots;
}

interface Entry {
  readonly text: string;
  readonly endsAtMs: number;
}

/** A key outlives the lease of the token that stands for it by this. */
const MARGIN_MS = 5000;

/** A {@link SlotStore} in memory that promises what Momento does and no more: each key is atomic, and nothing else. */
export function fakeSlots(
  now: () => number,
  {
    leaseSeconds = 40,
    hooks = {},
    entries = new Map<string, Entry>(),
    snapshots = new Map<string, Snapshot>(),
  }: {
    readonly leaseSeconds?: number;
    readonly hooks?: SlotHooks;
    readonly entries?: Map<string, Entry>;
    readonly snapshots?: Map<string, Snapshot>;
  } = {},
): FakeSlots {
  const calls: Operation['name'][] = [];
  const planned: { readonly outcome: Outcome; readonly name: Operation['name'] | undefined }[] = [];
  const landing: (() => void)[] = [];
  let outage = false;

  const keyOf = (accountId: string, number: number) => `${accountId}:slot:${number}`;

  function textAt(accountId: string, number: number): string | undefined {
    const entry = entries.get(keyOf(accountId, number));
    return entry && now() < entry.endsAtMs ? entry.text : undefined;
  }

  function textsOf(accountId: string, first = 1, last = MOST_STREAMS): (string | undefined)[] {
    return Array.from({ length: last - first + 1 }, (_, index) => textAt(accountId, first + index));
  }

  function put(accountId: string, number: number, seen: string | undefined, text: string): boolean {
    if (textAt(accountId, number) !== seen) return false;
    entries.set(keyOf(accountId, number), { text, endsAtMs: now() + leaseSeconds * 1000 + MARGIN_MS });
    hooks.written?.({ accountId, number, seen, text });
    return true;
  }

  async function outcomeOf(operation: Operation): Promise<Outcome> {
    calls.push(operation.name);
    const decided = await hooks.before?.(operation);
    if (outage) return 'lost';
    const index = planned.findIndex(({ name }) => name === undefined || name === operation.name);
    const [plan] = index === -1 ? [] : planned.splice(index, 1);
    return plan?.outcome ?? decided ?? 'answered';
  }

  /** Carries out an operation with everything that can go wrong with it. */
  async function through<T>(
    operation: Operation,
    effect: () => T,
    inPieces: () => Promise<T> = async () => effect(),
  ): Promise<T> {
    const outcome = await outcomeOf(operation);
    if (outcome === 'throttled') throw new Throttled(`Momento ${operation.name}: request limit`);
    if (outcome === 'late') landing.push(effect);
    if (outcome === 'lost' || outcome === 'late') throw unanswered(operation);
    let answer = outcome === 'torn' ? await inPieces() : effect();
    if (outcome === 'repeated') {
      await hooks.before?.(operation);
      answer = effect();
    }
    await hooks.after?.(operation);
    if (outcome === 'unanswered') throw unanswered(operation);
    return answer;
  }

  return {
    snapshots,
    calls,
    next: (outcomes, name) => void planned.push(...outcomes.map((outcome) => ({ outcome, name }))),
    setOutage: (on) => void (outage = on),
    flush() {
      entries.clear();
      snapshots.clear();
    },
    land() {
      const effect = landing.shift();
      effect?.();
      return effect !== undefined;
    },
    texts: (accountId = 'ada') => textsOf(accountId),
    endsAtMs: (number, accountId = 'ada') =>
      textAt(accountId, number) === undefined ? undefined : entries.get(keyOf(accountId, number))?.endsAtMs,
    copy: (clock) =>
      fakeSlots(clock, { leaseSeconds, entries: new Map(entries), snapshots: new Map(snapshots) }),

    read(accountId): Promise<SlotsRead> {
      const operation = { name: 'read', accountId } as const;
      return through(
        operation,
        () => ({ snapshot: snapshots.get(accountId), slots: textsOf(accountId) }),
        async () => {
          const upper = textsOf(accountId, MOST_STREAMS / 2 + 1);
          await hooks.before?.(operation);
          const lower = textsOf(accountId, 1, MOST_STREAMS / 2);
          await hooks.before?.(operation);
          return { snapshot: snapshots.get(accountId), slots: [...lower, ...upper] };
        },
      );
    },

    replace: (accountId, number, seen, text) =>
      through({ name: 'replace', accountId }, () => put(accountId, number, seen, text)),
  };
}

function unanswered({ name }: Operation): Unavailable {
  return new Outage(`Momento ${name}: deadline exceeded`);
}
