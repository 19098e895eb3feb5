import * as v from 'valibot';
import type { Snapshot } from '../../../shared/domain/entitlements.ts';
import { parse } from '../service/parse.ts';
import { snapshotSchema } from '../service/messages.ts';
import type { ClockMark } from '../timing/server-clock.ts';
import { isNewer } from './entitlement-state.ts';

/** The last known answer of one account, as it outlives the page. */
export interface Kept extends ClockMark {
  readonly snapshot: Snapshot;
  /** When the service last stood by it; the service's time. */
  readonly confirmedAtMs: number;
}

/** Keeps the last known answer of every account that was here. A browser that will not keep anything is no error. */
export interface KeptSnapshots {
  /** `undefined` also for what is not what was kept, or somebody else's. */
  read(accountId: string): Kept | undefined;
  /**
   * Of what another tab may have kept meanwhile, a newer answer stays, and a later time of being confirmed. What another
   * has forgotten stays so: the viewer has signed out there.
   */
  write(kept: Kept): void;
  forget(accountId: string): void;
}

const schema = v.object({
  snapshot: snapshotSchema,
  confirmedAtMs: v.number(),
  seenAtMs: v.number(),
  offsetMs: v.number(),
  isMeasured: v.exactOptional(v.boolean()), // earlier versions kept nothing before it was
}) satisfies v.GenericSchema<unknown, Kept>;

/** @param open the browser's `localStorage`, which it may refuse to open */
export function keptSnapshots(
  open: () => Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>,
): KeptSnapshots {
  const written = new Map<string, string>();
  return {
    read,
    write(kept) {
      const { accountId } = kept.snapshot;
      const key = keyOf(accountId);
      ifPossible(() => {
        const found = open().getItem(key);
        if (found === null && written.has(key)) return;
        const before = found === written.get(key) ? undefined : read(accountId);
        const text = JSON.stringify(kept);
        open().setItem(key, before ? JSON.stringify(merged(before, kept)) : text);
        written.set(key, text); // what is merged is not this tab's alone
      });
    },
    forget(accountId) {
      const key = keyOf(accountId);
      written.delete(key);
      ifPossible(() => open().removeItem(key));
    },
  };

  function read(accountId: string): Kept | undefined {
    return ifPossible(() => {
      const kept = parse(schema, JSON.parse(open().getItem(keyOf(accountId)) ?? 'null'));
      return kept.snapshot.accountId === accountId ? kept : undefined;
    });
  }
}

function merged(before: Kept, kept: Kept): Kept {
  const { seenAtMs, offsetMs } = kept;
  if (isNewer(before.snapshot, kept.snapshot)) return { ...before, seenAtMs, offsetMs };
  // A time that has not come yet, by the clock of the tab that writes, is the mistake of another's clock.
  const confirmedAtMs = Math.min(before.confirmedAtMs, seenAtMs);
  if (confirmedAtMs <= kept.confirmedAtMs) return kept;
  return { ...before, snapshot: kept.snapshot, confirmedAtMs, seenAtMs, offsetMs };
}

function keyOf(accountId: string): string {
  return `usher.kept.${accountId}`;
}

/** Storage throws in some private modes, and when it is full. */
export function ifPossible<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
