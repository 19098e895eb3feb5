import type { Caches } from './caches.ts';
import type { Meter } from './limits.ts';
import { requireItems, type CacheAccess } from './permissions.ts';
import { streaming, unary, type Call, type Definition, type Rpc } from './rpc.ts';
import { invalid, ok } from './status.ts';
import type { Cache, ReadConcern } from './store.ts';
import type { Authority } from './tokens.ts';

/** What every RPC of the data plane needs. */
export interface DataPlane {
  readonly authority: Authority;
  readonly caches: Caches;
  readonly operations: Meter;
  readonly now: () => number;
}

/** The rules of one RPC that hold before it is answered. */
export interface Rules<Request, Response> {
  readonly access: CacheAccess;
  /** Every item the request touches; a token must allow all of them. */
  readonly keys: (request: Request) => readonly Uint8Array[];
  /** How many operations the request costs; one when absent. */
  readonly cost?: (request: Request) => number;
  /** How many operations the answer costs, for reads that Momento charges by what they return. */
  readonly answerCost?: (response: Response) => number;
}

/** Where an RPC reads and writes: the cache, and the freshness its reader asked for. */
export interface Scene {
  readonly cache: Cache;
  readonly concern: ReadConcern;
}

/** An RPC on items, checked in Momento's order: who calls, may they, is the limit kept, is the cache there. */
export function itemRpc<Request, Response>(
  plane: DataPlane,
  definition: Definition<Request, Response>,
  rules: Rules<Request, Response>,
  answer: (scene: Scene, request: Request) => Response,
): Rpc {
  return unary(definition, subject(rules), (call, request) => {
    const scene = enter(plane, rules, call, request);
    const response = answer(scene, request);
    if (rules.answerCost) plane.operations(rules.answerCost(response));
    return response;
  });
}

/** The same for an RPC that answers each of its items with a message of its own. */
export function batchRpc<Request, Response>(
  plane: DataPlane,
  definition: Definition<Request, Response>,
  rules: Rules<Request, never>,
  answer: (scene: Scene, request: Request) => readonly Response[],
): Rpc {
  return streaming(definition, subject(rules), (call, request, reply) => {
    const responses = answer(enter(plane, rules, call, request), request);
    for (const response of responses) reply.send(response);
    reply.end(ok);
  });
}

function enter<Request>(
  { authority, caches, operations }: DataPlane,
  rules: Rules<Request, never>,
  call: Call,
  request: Request,
): Scene {
  const { grant } = authority.verify(call.token);
  if (call.cacheName === undefined || call.cacheName === '') throw invalid('The header "cache" is missing');
  const keys = rules.keys(request);
  requireItems(grant, rules.access, call.cacheName, keys);
  if (!rules.answerCost) operations(rules.cost?.(request) ?? 1);
  if (keys.some((key) => key.length === 0)) throw invalid('A key must not be empty');
  return { cache: caches.open(call.cacheName), concern: call.readConcern };
}

function subject<Request>(rules: Rules<Request, never>) {
  return (request: Request, { cacheName }: Call) => {
    const [key, ...others] = rules.keys(request);
    return {
      ...(cacheName === undefined ? {} : { cache: cacheName }),
      ...(key === undefined || others.length > 0 ? {} : { key: Buffer.from(key).toString() }),
    };
  };
}
