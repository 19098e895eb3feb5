import type { Snapshot } from '../../../shared/domain/entitlements.ts';

interface Entry {
  readonly validUntil: string | null;
  readonly acceptedAtMs: number;
  /** Screens that have shown it. */
  readonly shownBy: Set<string>;
}

/** What was bought and accepted: of each purchase the last report, as an account has to hold it. */
export function createLedger() {
  const accounts = new Map<string, Map<string, Entry>>();

  const isIn = ({ entitlements }: Snapshot, [purchaseId, { validUntil }]: [string, Entry]) =>
    entitlements.some((one) => one.entitlementId === purchaseId && one.validUntil === validUntil);

  const missing = (accountId: string, snapshot: Snapshot) =>
    [...(accounts.get(accountId) ?? [])].filter((entry) => !isIn(snapshot, entry));

  return {
    accepted(accountId: string, purchaseId: string, validUntil: string | null, acceptedAtMs: number): void {
      const purchases = accounts.get(accountId) ?? new Map<string, Entry>();
      accounts.set(accountId, purchases.set(purchaseId, { validUntil, acceptedAtMs, shownBy: new Set() }));
    },
    /** The purchases that this answer lacks. */
    missingIn: (accountId: string, snapshot: Snapshot): readonly string[] =>
      missing(accountId, snapshot).map(([purchaseId]) => purchaseId),
    /** For how many ms the oldest of what it lacks has been accepted; 0 when it lacks nothing. */
    behindMs: (accountId: string, snapshot: Snapshot): number =>
      Math.max(0, ...missing(accountId, snapshot).map(([, { acceptedAtMs }]) => Date.now() - acceptedAtMs)),
    /** Of what this screen shows for the first time, how many ms it took at the most; undefined when nothing is new. */
    show(screen: string, accountId: string, snapshot: Snapshot): number | undefined {
      const news = [...(accounts.get(accountId) ?? [])].filter(
        (entry) => isIn(snapshot, entry) && !entry[1].shownBy.has(screen),
      );
      for (const [, { shownBy }] of news) shownBy.add(screen);
      if (news.length === 0) return undefined;
      return Math.max(...news.map(([, { acceptedAtMs }]) => Date.now() - acceptedAtMs));
    },
  };
}

export type Ledger = ReturnType<typeof createLedger>;
