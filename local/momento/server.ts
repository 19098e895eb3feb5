import { randomBytes } from 'node:crypto';
import { createCaches } from './caches.ts';
import { createCallLog, type RecordedCall, type Traffic } from './calls.ts';
import { controlRpcs, pingRpc } from './control.ts';
import { dictionaryRpcs } from './dictionaries.ts';
import { createDispatch } from './dispatch.ts';
import { createFaults, type Fault } from './faults.ts';
import { itemMetadataRpcs } from './item-metadata.ts';
import { meter, type SoftLimits } from './limits.ts';
import { scalarRpcs } from './scalars.ts';
import { sortedSetUnionRpc } from './sorted-set-union.ts';
import { sortedSetRpcs } from './sorted-sets.ts';
import type { Cache } from './store.ts';
import { tokenRpcs } from './token-service.ts';
import { createAuthority, type KeyScope } from './tokens.ts';
import { topicRpcs } from './topic-service.ts';
import { createTopics } from './topics.ts';
import { listen } from './transport/listen.ts';

export type { Fault, KeyScope, RecordedCall, SoftLimits, Traffic };

export interface MomentoOptions {
  /** 0 (the default) = any free one. */
  readonly port?: number;
  /** Signs keys and tokens: give the same one again and they outlive a restart. Random when absent. */
  readonly signingSecret?: string;
  /** The clock in ms, which items and tokens expire by. */
  readonly now?: () => number;
  /** Momento's soft limits; each is off unless given. */
  readonly limits?: SoftLimits;
  /** How often an idle subscription hears that it is alive; Momento promises no cadence. Default 5000. */
  readonly heartbeatMs?: number;
}

export interface MomentoStandIn {
  /** `http://127.0.0.1:PORT`: cache, control, token and HTTP API endpoint in one. */
  readonly url: string;
  /** `super` may do everything; `data` reads and writes all caches and topics, and neither mints nor administers. */
  mintKey(scope: KeyScope): string;
  /** The key is UNAUTHENTICATED from now on and its subscriptions end; tokens it minted live until they expire. */
  revokeKey(key: string): void;
  /** Does nothing when the cache is there. */
  createCache(name: string): void;
  flushCache(name: string): void;
  /** What a cache holds now, by key. */
  items(name: string): ReturnType<Cache['values']>;
  /** While on, reads that are not CONSISTENT see each item as it was before its last write. */
  serveStaleReads(on: boolean): void;
  /** An outage: connections are cut, new ones refused. */
  block(): void;
  unblock(): void;
  /** Makes the next calls of an RPC fail, or come late. */
  fail(fault: Fault): void;
  /** The latest calls (up to 10,000), refused ones included, oldest first. */
  readonly calls: readonly RecordedCall[];
  /** How many calls of an RPC, or of all, have arrived since the start. */
  countCalls(rpc?: string): number;
  /** Resolves when the next call of an RPC arrives, before it is carried out. */
  nextCall(rpc: string): Promise<void>;
  /** How many bytes the messages of an RPC, or of all, have taken since the start. */
  countBytes(rpc?: string): Traffic;
  stop(): Promise<void>;
}

/** Starts a server on loopback that speaks Momento's protocols. README.md lists what it supports. */
export async function startMomento(options: MomentoOptions = {}): Promise<MomentoStandIn> {
  const { now = Date.now, limits = {}, heartbeatMs = 5000 } = options;
  let url = '';
  let stale = false;

  const authority = createAuthority({
    secret: options.signingSecret ?? randomBytes(32).toString('hex'),
    now,
  });
  const caches = createCaches({ now, staleReads: () => stale }, { limit: limits.caches });
  const topics = createTopics();
  const calls = createCallLog({ now });

  const operations = meter({ now }, limits.cacheOperationsPerSecond, 'cache operations');
  const units = meter({ now }, limits.topicUnitsPerSecond, 'topic operations');
  const authOperations = meter({ now }, limits.authPerSecond, 'auth operations');
  const plane = { authority, caches, operations, now };
  const rpcs = [
    ...scalarRpcs(plane),
    ...itemMetadataRpcs(plane),
    ...dictionaryRpcs(plane),
    ...sortedSetRpcs(plane),
    sortedSetUnionRpc(plane),
    ...topicRpcs({ authority, caches, topics, units, maxSubscriptions: limits.subscriptions, heartbeatMs }),
    ...tokenRpcs({ authority, authOperations, endpoint: () => url, now }),
    ...controlRpcs({ authority, caches, topics }),
    pingRpc,
  ];
  const faults = createFaults({ names: new Set(rpcs.map(({ name }) => name)) });
  const listener = await listen({ dispatch: createDispatch({ rpcs, calls, faults }) }, options.port ?? 0);
  url = `http://127.0.0.1:${listener.port}`;

  return {
    url,
    mintKey: (scope) => authority.mintKey(scope),
    revokeKey: (key) => authority.revoke(key),
    createCache(name) {
      if (!caches.has(name)) caches.create(name);
    },
    flushCache: (name) => caches.open(name).clear(),
    items: (name) => caches.open(name).values(),
    serveStaleReads(on) {
      stale = on;
    },
    block: () => listener.block(),
    unblock: () => listener.unblock(),
    fail: (fault) => faults.add(fault),
    calls: calls.latest,
    countCalls: (rpc) => calls.count(rpc),
    nextCall: (rpc) => calls.next(rpc),
    countBytes: (rpc) => calls.bytes(rpc),
    stop: () => listener.close(),
  };
}
