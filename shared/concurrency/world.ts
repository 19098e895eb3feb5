import type { Catalog } from '../domain/catalog.ts';
import type { Snapshot } from '../domain/entitlements.ts';
import type { AccountTopic, SlotStore } from '../ports.ts';

/** What sessions are admitted, kept alive and ended with. */
export interface SessionWorld {
  readonly slots: SlotStore;
  /** The account's snapshot when the cache holds none: from the table, which is never behind. */
  readonly snapshotOf: (accountId: string) => Promise<Snapshot>;
  readonly topic: AccountTopic;
  readonly catalog: Catalog;
  readonly now: () => number;
  /** A new id at each call, like no other. */
  readonly newId: () => string;
  /** How long a session lives without a heartbeat. */
  readonly leaseSeconds: number;
  /** Told of what is missing while the answer is right. */
  readonly warn: (message: string, reason: unknown) => void;
}
