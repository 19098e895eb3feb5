import fc from 'fast-check';
import { edits, writeJson, type Edit, type Json } from './json-edits.ts';
import { brokenIdTokens, brokenSessionTokens } from './broken-tokens.ts';
import type { BadWorld } from './bad-world.ts';
import { BYTES, HEADERS, METHODS, PATHS, QUERIES } from './broken-parts.ts';
import { brokenSignatures, sealOf, signedBySupport, type Seal } from './seals.ts';

/** A request as it goes over the wire. */
export interface Ask {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer | undefined;
}

/** A door and what a valid request at it looks like, before anything is broken. */
export interface Door {
  readonly origin: (world: BadWorld) => string;
  readonly method: string;
  readonly path: (world: BadWorld) => string;
  readonly body?: (world: BadWorld) => Readonly<Record<string, Json>>;
  readonly seal: Seal;
  /** How a request may be answered that turns out to be none of the bad ones: nothing may have come of it. */
  readonly harmless: readonly number[];
  /** The member of the body that is a session token. */
  readonly token?: 'sessionToken';
}

/** One thing that is wrong with a request. */
export type Fault =
  | { readonly kind: 'body'; readonly edits: readonly Edit[] }
  | { readonly kind: 'bytes'; readonly how: keyof typeof BYTES }
  | { readonly kind: 'header'; readonly which: number }
  | { readonly kind: 'path'; readonly how: keyof typeof PATHS }
  | { readonly kind: 'query'; readonly which: number }
  | { readonly kind: 'method'; readonly method: string }
  | { readonly kind: 'id token'; readonly how: string }
  | { readonly kind: 'session token'; readonly how: string }
  | { readonly kind: 'signature'; readonly how: string };

/** What may be wrong at this door: one thing, or one that gets a request far and another in its headers or its body. */
export function faults(door: Door): fc.Arbitrary<readonly Fault[]> {
  const keys = <T extends string>(table: Readonly<Record<T, unknown>>) =>
    fc.constantFrom(...(Object.keys(table) as T[]));
  const body: fc.Arbitrary<Fault> = fc.record({
    kind: fc.constant('body'),
    edits: fc.array(edits, { minLength: 1, maxLength: 2 }),
  });
  const header: fc.Arbitrary<Fault> = fc.record({
    kind: fc.constant('header'),
    which: fc.nat(HEADERS.length - 1),
  });
  const signatures = brokenSignatures(door.seal);
  const shallow: fc.Arbitrary<Fault>[] = [
    fc.record({ kind: fc.constant('path'), how: keys(PATHS) }),
    fc.record({ kind: fc.constant('query'), which: fc.nat(QUERIES.length - 1) }),
    fc.record({
      kind: fc.constant('method'),
      method: fc.constantFrom(...METHODS.filter((method) => method !== door.method)),
    }),
    header,
    ...(door.seal === 'viewer'
      ? [fc.record({ kind: fc.constant('id token' as const), how: keys(brokenIdTokens) })]
      : []),
    ...(signatures.length > 0
      ? [fc.record({ kind: fc.constant('signature' as const), how: fc.constantFrom(...signatures) })]
      : []),
  ];
  if (!door.body) return fc.oneof(...shallow).map((fault) => [fault]);
  const bytes: fc.Arbitrary<Fault> = fc.record({ kind: fc.constant('bytes'), how: keys(BYTES) });
  const token: fc.Arbitrary<Fault>[] = door.token
    ? [fc.record({ kind: fc.constant('session token'), how: keys(brokenSessionTokens) })]
    : [];
  return fc.oneof(
    { weight: 8, arbitrary: body.map((fault) => [fault]) },
    { weight: 2, arbitrary: fc.tuple(header, body) },
    { weight: 2, arbitrary: bytes.map((fault) => [fault]) },
    { weight: 3, arbitrary: fc.oneof(...shallow).map((fault) => [fault]) },
    ...token.map((arbitrary) => ({ weight: 6, arbitrary: arbitrary.map((fault) => [fault]) })),
  );
}

/** The request at this door with these faults in it, sealed as if nothing were wrong. */
export async function askOf(world: BadWorld, door: Door, wrong: readonly Fault[]): Promise<Ask> {
  const only = <Kind extends Fault['kind']>(kind: Kind) =>
    wrong.find((fault): fault is Extract<Fault, { kind: Kind }> => fault.kind === kind);
  const sessionToken = only('session token');
  const document = door.body?.(world);
  const withToken =
    sessionToken && document
      ? { ...document, sessionToken: await brokenSessionTokens[sessionToken.how]!(world) }
      : document;
  const written =
    withToken === undefined ? undefined : Buffer.from(writeJson(withToken, only('body')?.edits ?? []));
  const bytes = only('bytes');
  const body = bytes && written ? BYTES[bytes.how](written) : written;

  const path = only('path');
  const query = only('query');
  const header = only('header');
  const origin = new URL(door.origin(world));
  const target = `${origin.pathname.replace(/\/$/, '')}${door.path(world)}`;
  const at = path ? PATHS[path.how](target) : target;
  const sealed = sealOf(world, door.seal, {
    body: body ?? Buffer.alloc(0),
    token: only('id token')?.how,
    signature: only('signature')?.how,
  });
  const own: (readonly [string, string])[] = [
    ['host', origin.host],
    ['origin', world.origin],
    ...(body ? [['content-type', 'application/json'] as const] : []),
    ...sealed,
  ];
  const extra = header ? [HEADERS[header.which]!] : [];
  const asked = query ? [QUERIES[query.which]!] : [];
  const [line, ...others] = `${origin.origin}/${at.replace(/^\//, '')}`.split('?');
  const ask: Ask = {
    url: [line, [...others, ...asked].join('&')].filter((part) => part !== '').join('?'),
    method: only('method')?.method ?? door.method,
    headers: own,
    body,
  };
  const signed = door.seal === 'support' ? await signedBySupport(world, ask) : [];
  const replaced = new Set([...signed, ...extra].map(([name]) => name));
  return { ...ask, headers: [...own.filter(([name]) => !replaced.has(name)), ...signed, ...extra] };
}
