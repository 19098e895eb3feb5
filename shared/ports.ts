import type { Announcement } from './domain/announcements.ts';
import type { Snapshot } from './domain/entitlements.ts';
import type { Basis, Purchase } from './domain/purchases.ts';
import type { TokenScope } from './domain/token-scope.ts';

/** What is stored of an account besides its purchases. */
export interface AccountRecord {
  readonly snapshot: Snapshot;
  /** The reports that the snapshot was computed from. */
  readonly basis: Basis;
  /** Committed and not yet known to be published, by version. */
  readonly outbox: readonly Announcement[];
}

/**
 * Holds what must not be lost. Reads are consistent, every write is one conditional write on one item.
 * Every method throws Unavailable when the table does not answer.
 */
export interface AccountStore {
  read(accountId: string): Promise<AccountRecord | undefined>;
  /**
   * The account and its purchases in one read. Each is at least as new as when the read began, but they need not be
   * of the same moment: compare the purchases with the record's basis.
   */
  readAll(accountId: string): Promise<Account>;
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

export interface Account {
  readonly record: AccountRecord | undefined;
  readonly purchases: readonly Purchase[];
}

export interface Commit {
  readonly read: Snapshot | undefined;
  readonly next: Snapshot;
  readonly basis: Basis;
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
  /** A checkout event, and the catalogue that it was checked against. */
  | { readonly kind: 'purchase'; readonly event: unknown; readonly catalogVersion: string }
  | { readonly kind: 'recompute'; readonly accountId: string };

/** Takes what will have effect, whatever crashes. Throws Unavailable when it does not answer. */
export interface CheckoutQueue {
  send(message: CheckoutMessage): Promise<void>;
}

/** A token of one account, as Momento's `CredentialProvider.fromDisposableToken` takes it. */
export interface VendedToken {
  readonly token: string;
  /** Momento's host, or `http://…` when it runs locally. */
  readonly endpoint: string;
  readonly expiresAtMs: number;
}

/** Mints tokens that do what the scope says. Throws TooOften at Momento's auth limit, else Unavailable. */
export interface TokenMint {
  /** A token that hears the scope's topics. */
  mintForTopics(scope: TokenScope, ttlSeconds: number): Promise<VendedToken>;
  /** A token that reads the scope's cache key. */
  mintForCache(scope: TokenScope, ttlSeconds: number): Promise<VendedToken>;
}

/** Has an account's snapshot computed and cached if it is not. Throws Unavailable. */
export interface CacheFiller {
  fill(accountId: string): Promise<void>;
}

/** Remembers when an account last asked for something that is costly to grant. */
export interface RequestLimiter {
  /** 0 and remembered now, or seconds after which it surely may ask again. Throws Unavailable. */
  secondsToWait(accountId: string, atMs: number): Promise<number>;
}
