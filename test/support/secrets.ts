import type { Secrets } from '../../shared/secrets.ts';

/** Secrets in memory that are rotated by hand: what is in force is known only after a refresh. */
export interface FakeSecrets<Name extends string> extends Secrets<Name> {
  /** Takes effect in SSM now, and here with the next refresh. */
  rotate(values: Readonly<Record<Name, string>>): void;
  readonly refreshes: () => number;
}

export function fakeSecrets<Name extends string>(values: Readonly<Record<Name, string>>): FakeSecrets<Name> {
  let inForce = values;
  let known = values;
  let refreshes = 0;
  return {
    get: async () => known,
    refresh: async (used) => {
      if (known !== used) return known;
      refreshes += 1;
      known = inForce;
      return known;
    },
    rotate: (next) => {
      inForce = next;
    },
    refreshes: () => refreshes,
  };
}
