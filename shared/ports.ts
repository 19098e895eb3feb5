import type { Announcement } from './domain/announcements.ts';
import type { Boundary, Bucket, Progress } from './domain/boundaries.ts';
import type { Snapshot } from './domain/entitlements.ts';
import type { Basis, Purchase } from './domain/purchases.ts';
import type { RecentChange } from './domain/recent-changes.ts';
import type { Interval } from './domain/heartbeat-intervals.ts';
import type { TokenScope } from './domain/token-scope.ts';
import type { Session } from './domain/sessions.ts';
import type { SessionTerminated } from './domain/session-messages.ts';

/** What is stored of an account besides its purchases. */
export interface AccountRecord {
  readonly snapshot: Snapshot;
  /** The reports that the snapshot was computed from. */
  readonly basis: Basis;
  /** Committed and not yet known to be published, by version. */
  readonly outbox: readonly Announcement[];
  /** Reported and committed, and not yet known to be in items of their own. */
  readonly inbox: readonly Purchase[];
  /** One more with every commit; 0 for an account that was stored before there were any. */
  readonly revision: number;
  /** The revision that took something away, while the sessions that it makes too many may still live. */
  readonly sessionsDue?: number | undefined;
  /** The boundary that the index knows of: the snapshot's, or none for an account stored before there was an index. */
  readonly boundaryAtMs?: number | undefined;
  /** What moved its version last, the oldest first. */
  readonly recent?: readonly RecentChange[] | undefined;
  /** What was reported up to then is erased, whenever it comes. */
  readonly erasedAtMs?: number | undefined;
}

/**
 * Holds what must not be lost. Reads are consistent, every write is one conditional write on one item.
 * Every method throws Unavailable when the table does not answer.
 */
export interface AccountStore {
  read(accountId: string): Promise<AccountRecord | undefined>;
  /**
   * The account and its purchases in one read, without those that lie in its inbox. Each is at least as new as when the
   * read began, but they need not be of the same moment: compare the purchases with the record's basis.
   */
  readAll(accountId: string): Promise<Account>;
  /** Keeps the purchase unless a later report of it is there already. */
  putPurchase(purchase: Purchase): Promise<'stored' | 'superseded'>;
  /**
   * Replaces the record that was read (`undefined` = there was none) and adds to outbox and inbox, in one write.
   * `outbox: { replace }` drops what lay there. The snapshot's boundary is in the index from then on, and the one
   * before is not. False when somebody else committed in between.
   */
  commit(commit: Commit): Promise<boolean>;
  /**
   * Takes exactly these versions out of the outbox and exactly these reports out of the inbox; those that are gone
   * already are no error.
   */
  remove(accountId: string, done: Done): Promise<void>;
  /** Notes that what this revision made too many is ended, unless a later one is due by now. */
  removeSessionsDue(accountId: string, revision: number): Promise<void>;
  /** Deletes what is of before the account was erased, but for the record itself. What came since stays. */
  sweep(accountId: string, erasedAtMs: number): Promise<void>;
}

export interface Account {
  readonly record: AccountRecord | undefined;
  readonly purchases: readonly Purchase[];
}

/** What an account no longer has to hold: these versions are published, these purchases have items of their own. */
export interface Done {
  readonly published?: readonly number[];
  readonly kept?: readonly Purchase[];
}

export interface Commit {
  readonly read: Pick<AccountRecord, 'snapshot' | 'revision'> | undefined;
  readonly next: Snapshot;
  readonly basis: Basis;
  readonly outbox: { readonly add: readonly Announcement[] } | { readonly replace: readonly Announcement[] };
  /** Reports that are kept by this commit until they are in items of their own. */
  readonly inbox: readonly Purchase[];
  /** It takes something away: live sessions have to be looked through. */
  readonly takesAway?: boolean;
  /** In the place of those that the record had; without it they stay. */
  readonly recent?: readonly RecentChange[] | undefined;
  /** Erases the account: what lay in the inbox goes, and what was reported up to then does not count any more. */
  readonly erasedAtMs?: number;
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
  /** Stores it if exactly `previous` is cached, which needs no reading before. False when anything else is, or nothing. */
  supersede(previous: Snapshot, snapshot: Snapshot, ttlSeconds: number): Promise<boolean>;
}

/** Tells whoever listens to the account. Returns when the message is accepted; throws Unavailable. */
export interface AccountTopic {
  publish(accountId: string, message: Announcement | SessionTerminated): Promise<void>;
}

/** What the checkout queue carries. */
export type CheckoutMessage =
  /** A checkout event, and the catalogue that it was checked against. */
  | { readonly kind: 'purchase'; readonly event: unknown; readonly catalogVersion: string }
  | { readonly kind: 'recompute'; readonly accountId: string };

/** Takes what will have effect, whatever crashes. Throws Unavailable when it does not answer. */
export interface CheckoutQueue {
  /** `delaySeconds`: nobody sees it before, whole seconds, at most 900. */
  send(message: CheckoutMessage, options?: { readonly delaySeconds?: number }): Promise<void>;
}

/** An account that is to be recomputed, not before so many whole seconds have passed. */
export interface RecomputeRequest {
  readonly accountId: string;
  readonly delaySeconds: number;
}

/** The same queue, for many accounts at once. Throws Unavailable when not all were taken; some may have been. */
export interface RecomputeRequests {
  sendAll(requests: readonly RecomputeRequest[]): Promise<void>;
}

/** The accounts' next boundaries in time. Follows what is committed, but not at once. Throws Unavailable. */
export interface BoundaryIndex {
  /** All of a bucket, some at a time. */
  read(bucket: Bucket): AsyncIterable<readonly Boundary[]>;
}

/** Remembers how far the index is looked through. Throws Unavailable. */
export interface BoundaryProgress {
  /** `undefined` when nobody has looked through it yet. */
  read(): Promise<Progress | undefined>;
  /** False when somebody else has gone on from there. */
  advance(from: Progress | undefined, to: Progress): Promise<boolean>;
}

/** What became of asking for a cache. */
export type CacheMade =
  | { readonly made: true }
  /** The account has as many as Momento lets it have: these, as far as it says. */
  | { readonly made: false; readonly reason: 'quota'; readonly caches: readonly string[] }
  | { readonly made: false; readonly reason: 'not-permitted' };

export type CacheGone = { readonly gone: true } | { readonly gone: false; readonly reason: 'not-permitted' };

/**
 * Makes and removes whole caches, and does nothing where that is done already. Throws KeyRefused for a key that is
 * none, else Unavailable.
 */
export interface CacheControl {
  make(name: string): Promise<CacheMade>;
  remove(name: string): Promise<CacheGone>;
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

/** What one read of an account's slots finds: its cached snapshot, and the text in each slot, `slots[0]` slot 1. */
export interface SlotsRead {
  readonly snapshot: Snapshot | undefined;
  readonly slots: readonly (string | undefined)[];
}

/**
 * An account's 16 slots, each a key of its own that lives for the lease and five seconds. Every operation takes
 * effect at one instant or not at all. Throws Throttled at Momento's quota and Unavailable when it does not answer,
 * also when it took effect: then reading tells.
 */
export interface SlotStore {
  /** Never older than the last write that was answered. */
  read(accountId: string): Promise<SlotsRead>;
  /** Puts `text` into the slot if it holds what was seen there (`undefined` = nothing). False when it does not. */
  replace(accountId: string, number: number, seen: string | undefined, text: string): Promise<boolean>;
}

/** Counts heartbeats by account, interval and device. Throws Unavailable. */
export interface HeartbeatTracker {
  /** Adds to the device's count in that interval and gives the new count. */
  count(accountId: string, interval: Interval, deviceId: string, beats?: number): Promise<number>;
  /** How many devices have beaten in that interval. */
  devices(accountId: string, interval: Interval): Promise<number>;
}

/** What somebody published on the topic of heartbeats; nothing of it is to be trusted but the token's id. */
export interface HeartbeatMessage {
  /** The account that the publisher's token was minted for; `undefined` when it was published with a key. */
  readonly tokenId: string | undefined;
  /** `undefined` when it is binary. */
  readonly text: string | undefined;
}

/** Listens to the heartbeats that devices publish. */
export interface HeartbeatTopic {
  /**
   * Hears every heartbeat from when this resolves, as long as the connection holds; what is published while there is
   * none, or to nobody, is lost. Does not fail: it connects again and again until it is stopped.
   */
  follow(listener: HeartbeatListener): Promise<{ stop(): Promise<void> }>;
}

export interface HeartbeatListener {
  readonly onBeat: (message: HeartbeatMessage) => void;
  /** Some heartbeats will not come. */
  readonly onGap: () => void;
  /** Not connected, for this reason; tried again. */
  readonly onTrouble: (reason: unknown) => void;
}

/** What a session token says: whose session stands where, and until when. */
export interface SessionGrant {
  readonly accountId: string;
  readonly session: Session;
  /** The slot, or `null` for one that takes none: content that is not counted, or started in an outage. */
  readonly slot: number | null;
  /** The end of the lease. */
  readonly expiresAtMs: number;
  /** From then on a heartbeat has to look again whether the account may still watch this. */
  readonly recheckAtMs: number;
  /** In an outage: no heartbeat extends it beyond this. */
  readonly degradedUntilMs: number | null;
}

/** Signs and verifies session tokens. Throws Unavailable when the keys were never fetched, Error for malformed ones. */
export interface SessionTokens {
  sign(grant: SessionGrant): Promise<string>;
  /** Throws what `sign` would, before anything is done on the strength of it. */
  ready(): Promise<void>;
  /** What a token of this stage says, be it expired or not, its end in whole seconds; `undefined` when it is none. */
  verify(token: string): Promise<SessionGrant | undefined>;
}

/** A session that was admitted while Momento did not answer. */
export interface DegradedEntry {
  readonly session: Session;
  readonly untilMs: number;
}

/** The few sessions of an account that were admitted during an outage, as one item of the table. Throws Unavailable. */
export interface DegradedSessions {
  /** With the revision that a write has to name. */
  read(accountId: string): Promise<{ readonly entries: readonly DegradedEntry[]; readonly revision: number }>;
  /** False when somebody else wrote since. */
  write(accountId: string, entries: readonly DegradedEntry[], revision: number): Promise<boolean>;
}
