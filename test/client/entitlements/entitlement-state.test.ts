import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  adopt as adoptReading,
  hear,
  isBehind,
  isRefuted,
  leastVersion,
  recall,
  refold,
  UNKNOWN,
  type EntitlementState,
} from '../../../client/src/entitlements/entitlement-state.ts';
import type { EntitlementMessage } from '../../../client/src/service/messages.ts';
import type { Entitlement, Snapshot } from '../../../shared/domain/entitlements.ts';
import { fromMs } from '../../../shared/domain/instants.ts';
import { entitlement as anEntitlement } from '../../support/catalogs.ts';
import { NOW, snapshotAt } from '../../support/snapshots.ts';

const entitlement = (entitlementId: string, changes: Partial<Entitlement> = {}): Entitlement =>
  anEntitlement({ entitlementId, validFrom: fromMs(0), grants: [`tag-${entitlementId}`], ...changes });

const snapshot = (
  version: number,
  entitlements: readonly Entitlement[],
  changes: Partial<Snapshot> = {},
): Snapshot => ({ ...snapshotAt(version, entitlements), ...changes });

const created = (version: number, data: Entitlement, epoch = '0'): EntitlementMessage => ({
  type: 'entitlement.created',
  subject: 'ada',
  epoch,
  version,
  data,
});

const adopt = (state: EntitlementState, read: Snapshot, nowMs: number) =>
  adoptReading(state, { snapshot: read, provisional: false }, nowMs);

const holding = (version: number, ...entitlements: Entitlement[]): EntitlementState =>
  adopt(UNKNOWN, snapshot(version, entitlements), NOW);

test('applies the next version and folds the access again', () => {
  const state = hear(holding(7, entitlement('a')), created(8, entitlement('b', { maxStreams: 4 })), NOW);
  expect(state.snapshot).toMatchObject({
    version: 8,
    access: { maxStreams: 4, grants: ['tag-a', 'tag-b'] },
  });
  expect(isBehind(state)).toBe(false);
});

test('removes what is deleted, by its reference alone', () => {
  const message = { ...created(8, entitlement('a')), type: 'entitlement.deleted' } as EntitlementMessage;
  expect(hear(holding(7, entitlement('a')), message, NOW).snapshot).toMatchObject({
    entitlements: [],
    access: { grants: [] },
  });
});

test('drops a message that it has already applied', () => {
  const before = holding(8, entitlement('a'));
  expect(hear(before, created(8, entitlement('b')), NOW)).toEqual(before);
  expect(hear(before, created(3, entitlement('b')), NOW)).toEqual(before);
});

test('does not apply a version past a gap, but knows that it is behind', () => {
  const state = hear(holding(7), created(9, entitlement('b')), NOW);
  expect(state.snapshot?.version).toBe(7);
  expect(state.heard).toEqual({ epoch: '0', version: 9 });
  expect(isBehind(state)).toBe(true);
});

test('is behind after a replacement, even of the next version', () => {
  const message: EntitlementMessage = {
    type: 'entitlements.replaced',
    subject: 'ada',
    epoch: '0',
    version: 8,
  };
  expect(isBehind(hear(holding(7), message, NOW))).toBe(true);
});

test('is behind when the table was restored from a backup, whatever its version', () => {
  const state = hear(holding(7), created(2, entitlement('b'), '1'), NOW);
  expect(isBehind(state)).toBe(true);
  expect(adopt(state, snapshot(2, [], { epoch: '1' }), NOW).snapshot).toMatchObject({
    epoch: '1',
    version: 2,
  });
});

test('applies no message of another epoch, though its version be the next', () => {
  const state = hear(holding(7), created(8, entitlement('b'), '1'), NOW);
  expect(state.snapshot).toMatchObject({ epoch: '0', version: 7 });
  expect(isBehind(state)).toBe(true);
  const restored = adopt(UNKNOWN, snapshot(7, [], { epoch: '1' }), NOW);
  expect(hear(restored, created(8, entitlement('b'), '0'), NOW)).toEqual(restored);
});

test('remembers what it heard before it had read anything', () => {
  const state = adopt(hear(UNKNOWN, created(5, entitlement('b')), NOW), snapshot(4, []), NOW);
  expect(isBehind(state)).toBe(true);
  expect(isBehind(adopt(state, snapshot(5, [entitlement('b')]), NOW))).toBe(false);
});

test('never shows an older answer after a newer one', () => {
  expect(adopt(holding(8, entitlement('a')), snapshot(7, []), NOW).snapshot?.version).toBe(8);
});

test('takes the later of two answers at the same version', () => {
  const later = snapshot(8, [entitlement('b')], { asOf: fromMs(NOW + 1) });
  expect(adopt(holding(8), later, NOW).snapshot?.entitlements).toHaveLength(1);
  expect(adopt(adopt(UNKNOWN, later, NOW), snapshot(8, []), NOW).snapshot?.entitlements).toHaveLength(1);
});

test('asks for what it heard of, never for less than it holds, and past what is cached of an epoch that is over', () => {
  expect(leastVersion(UNKNOWN)).toBe(0);
  expect(leastVersion(recall(snapshot(7, []), NOW))).toBe(7);
  expect(leastVersion(hear(holding(7), created(9, entitlement('b')), NOW))).toBe(9);
  expect(leastVersion(hear(holding(7), created(6, entitlement('b')), NOW))).toBe(7);
  expect(leastVersion(hear(holding(7), created(2, entitlement('b'), '1'), NOW))).toBe(8);
});

test('knows what the service would call by its version: what it read, with the messages since, unless provisional', () => {
  const kept = recall(snapshot(7, []), NOW);
  expect(kept.isExact).toBe(false);
  expect(adopt(kept, snapshot(7, []), NOW).isExact).toBe(true);
  expect(adopt(kept, snapshot(6, []), NOW).isExact).toBe(false);
  expect(hear(holding(7), created(8, entitlement('b')), NOW).isExact).toBe(true);
  const provisional = adoptReading(holding(7), { snapshot: snapshot(7, []), provisional: true }, NOW);
  expect(provisional.isExact).toBe(false);
  expect(hear(provisional, created(8, entitlement('b')), NOW).isExact).toBe(false);
});

test('gives up what an earlier page kept when the service, asked for it, has not come as far', () => {
  const kept = recall(snapshot(7, []), NOW);
  expect(isRefuted(kept, snapshot(3, []), 7)).toBe(true);
  expect(isRefuted(kept, snapshot(7, []), 7)).toBe(false);
  expect(isRefuted(kept, snapshot(3, []), 0)).toBe(false); // a cache may answer that
  expect(isRefuted(kept, snapshot(3, [], { epoch: '1' }), 7)).toBe(false); // newer
  expect(isRefuted(holding(7), snapshot(3, []), 7)).toBe(false);
});

test('ends an entitlement by the clock alone', () => {
  const ending = entitlement('a', { heldUntil: fromMs(NOW + 1000) });
  const { snapshot: before } = holding(1, ending);
  expect(before).toMatchObject({ nextChangeAt: fromMs(NOW + 1000), access: { grants: ['tag-a'] } });
  expect(refold(before!, NOW + 1000)).toMatchObject({ nextChangeAt: null, access: { grants: [] } });
});

/** A history: every step changes one of four entitlements, announced one by one, all at once, or not at all. */
const step = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd'),
  present: fc.boolean(),
  announced: fc.constantFrom('delta', 'delta', 'delta', 'replacement', 'quiet'),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function historyOf(steps: readonly Step[]) {
  const snapshots = [snapshot(0, [])];
  const messages: EntitlementMessage[] = [];
  for (const { id, present, announced } of steps) {
    const previous = snapshots.at(-1)!;
    const version = previous.version + 1;
    const others = previous.entitlements.filter(({ entitlementId }) => entitlementId !== id);
    const changed = entitlement(id, { grants: [`${id}-${version}`] });
    const next = (present ? [...others, changed] : others).toSorted((a, b) =>
      a.entitlementId < b.entitlementId ? -1 : 1,
    );
    snapshots.push(snapshot(version, next));
    const about = { subject: 'ada', epoch: '0', version };
    if (announced === 'replacement') messages.push({ ...about, type: 'entitlements.replaced' });
    else if (announced === 'delta' && present)
      messages.push({ ...about, type: 'entitlement.updated', data: changed });
    else if (announced === 'delta')
      messages.push({ ...about, type: 'entitlement.deleted', data: { entitlementId: id } });
  }
  return { snapshots, messages };
}

test('ends at the back end’s version and never goes back, whatever is lost, repeated, late or stale', () => {
  const runs = fc
    .array(step, { minLength: 1, maxLength: 12 })
    .map(historyOf)
    .chain(({ snapshots, messages }) => {
      const message = messages.map((_, index) => ({ hear: index }));
      const read = snapshots.map((_, index) => ({ read: index }));
      const happening = fc.constantFrom<{ hear: number } | { read: number }>(...message, ...read);
      return fc.record({
        snapshots: fc.constant(snapshots),
        messages: fc.constant(messages),
        happenings: fc.array(happening, { maxLength: 40 }),
      });
    });
  fc.assert(
    fc.property(runs, ({ snapshots, messages, happenings }) => {
      let state = UNKNOWN;
      const take = (next: EntitlementState) => {
        const [was, is] = [state.snapshot, next.snapshot];
        expect(is?.version ?? -1).toBeGreaterThanOrEqual(was?.version ?? -1);
        // Whatever is shown is what the back end had at that very version.
        const then = is && snapshots[is.version]!;
        expect([is?.entitlements, is?.access]).toEqual([then?.entitlements, then?.access]);
        state = next;
      };
      for (const happening of happenings) {
        if ('hear' in happening) take(hear(state, messages[happening.hear]!, NOW));
        else take(adopt(state, snapshots[happening.read]!, NOW));
      }
      // A last announcement gets through; if it leaves the player behind, the read that this calls for does, too.
      const last = messages.at(-1);
      if (last) take(hear(state, last, NOW));
      if (isBehind(state)) take(adopt(state, snapshots.at(-1)!, NOW));
      expect(state.snapshot!.version).toBeGreaterThanOrEqual(last?.version ?? 0);
      expect(isBehind(state)).toBe(false);
    }),
    { numRuns: 500 },
  );
});
