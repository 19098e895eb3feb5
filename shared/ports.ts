import type { Announcement } from './domain/announcements.ts';
import type { Snapshot } from './domain/entitlements.ts';
import type { Purchase } from './domain/purchases.ts';
import type { TokenScope } from './domain/token-scope.ts';

/** What is stored of an account besides its purchases. */
export interface AccountRecord {
  readonly snapshot: Snapshot;
  /** Committed and not yet known to be published, by version. */
  readonly outbox: readonly Announcement[];
}

/**
 * Holds what must not be lost. Reads are consistent, every write is one conditional write on one item.
 * Every method throws Unavailable when the table does not answer.
 */
export interface AccountStore {
  read(accountId: string): Promise<AccountRecord | undefined>;
  readPurchases(accountId: string): Promise<readonly Purchase[]>;
  /** Keeps the purchase unless a later report of it is there already. */
  putPurchase(purchase: Purchase): Promise<'stored' | 'superseded'>;
  /**
   * Replaces the snapshot that was read (`undefined` = there was none) and adds to the outbox, in one write.
   * `outbox: { replace }` drops what lay there. False when somebody else committed in between.
   */
  commit(commit: Commit): Promise<boolean>;
  /** Takes exactly these versions out of the outbox; those that are gone already are no error. */
  removePublished(accountId: string, versions: readonly number[]): Promise<void>;
}

export interface Commit {
  readonly read: Snapshot | undefined;
  readonly next: Snapshot;
  readonly outbox: { readonly add: readonly Announcement[] } | { readonly replace: readonly Announcement[] };
}

/** A cached snapshot and what the cache knows it by. */
export interface CachedSnapshot {
  /** `undefined` when what is cached is no snapshot. */
  readonly snapshot: Snapshot | undefined;
  readonly hash: Uint8Array;
}

/** Holds what may be lost. Throws Unavailable when it does not answer. */
export interface SnapshotCache {
  /** Never older than the last write that was answered. */
  read(accountId: string): Promise<CachedSnapshot | undefined>;
  /** Stores it if what is cached is still what was read (`undefined` = nothing). False when it is not. */
  replace(snapshot: Snapshot, read: CachedSnapshot | undefined, ttlSeconds: number): Promise<boolean>;
}

/** Tells whoever listens to the account. Returns when the message is accepted; throws Unavailable. */
export interface AccountTopic {
  publish(accountId: string, announcement: Announcement): Promise<void>;
}

/** What the checkout queue carries. */
export type CheckoutMessage =
  | { readonly kind: 'purchase'; readonly purchase: Purchase; readonly catalogVersion: string }
  | { readonly kind: 'recompute'; readonly accountId: string };

/** Takes what will have effect, whatever crashes. Throws Unavailable when it does not answer. */
export interface CheckoutQueue {
  send(message: CheckoutMessage): Promise<void>;
}

/** Two tokens of one account, as Momento's `CredentialProvider.fromDisposableToken` takes them. */
export interface VendedTokens {
  readonly topicToken: string;
  readonly cacheToken: string;
  readonly endpoint: string;
  readonly expiresAtMs: number;
}

/** Mints tokens. Throws TooOften at Momento's auth limit, Unavailable when it does not answer. */
export interface TokenMint {
  mint(scope: TokenScope, ttlSeconds: number): Promise<VendedTokens>;
}
