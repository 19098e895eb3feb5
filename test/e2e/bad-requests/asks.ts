import { createHmac } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { edits, writeJson, type Edit, type Json } from './json-edits.ts';
import { brokenIdTokens, brokenSessionTokens } from './broken-tokens.ts';
import type { BadWorld } from './bad-world.ts';

/** A request as it goes over the wire. */
export interface Ask {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer | undefined;
}

/** Who vouches for a request, and how. */
export type Seal = 'viewer' | 'checkout' | 'stripe' | 'momento' | 'none';

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

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'PURGE'];

const PATHS = {
  'a slash at the end': (path: string) => `${path}/`,
  'two slashes': (path: string) => path.replace(/\/([^/]*)$/, '//$1'),
  'an encoded slash': (path: string) => path.replace(/\/([^/]*)$/, '%2F$1'),
  'a slash in front': (path: string) => `/${path}`,
  'no host': () => '//',
  'a NUL at the end': (path: string) => `${path}%00`,
  'a byte that is no UTF-8': (path: string) => `${path}%ff`,
  'a percent sign': (path: string) => `${path}%`,
  'an overlong slash': (path: string) => `${path}%c0%af`,
  'a segment more': (path: string) => `${path}/constructor`,
  'a segment less': (path: string) => path.replace(/\/[^/]*$/, ''),
  'dots at the end': (path: string) => `${path}/..`,
  'encoded dots': (path: string) => `${path}/%2e%2e%2f%2e%2e`,
  'other letters': (path: string) => path.toUpperCase(),
  'another stage': (path: string) => path.replace(/^\/[^/]+/, '/prod'),
  'no stage': (path: string) => path.replace(/^\/[^/]+/, ''),
  'a parameter of its own': (path: string) => `${path};a=b`,
  'a template’s braces': (path: string) => path.replace(/[^/]*$/, '%7BsessionId%7D'),
  'a very long segment': (path: string) => path.replace(/[^/]*$/, 'a'.repeat(3000)),
  'a name that objects have': (path: string) => path.replace(/[^/]*$/, '__proto__'),
} as const;

const QUERIES = [
  'atLeast=-1',
  'atLeast=1e309',
  'atLeast=1e3',
  'atLeast=',
  'atLeast',
  'atLeast=0&atLeast=-1',
  'atLeast=999999999999999',
  'atLeast=9999999999999999999999',
  'atLeast=%00',
  'atLeast=%ff%fe',
  'atLeast[]=1',
  'cache=true&cache=false',
  'cache=__proto__',
  '__proto__=1',
  '__proto__[cache]=true',
  'constructor=1&toString=2',
  '&&&===&',
  '%',
  `a=${'b'.repeat(4000)}`,
  'accountId=somebody&sub=somebody',
] as const;

const HEADERS: readonly (readonly [string, string])[] = [
  ['content-type', ''],
  ['content-type', 'text/plain'],
  ['content-type', 'application/xml'],
  ['content-type', 'multipart/form-data; boundary='],
  ['content-type', 'application/json; charset=utf-16'],
  ['content-type', 'application/octet-stream'],
  ['content-type', ';;;,=,'],
  ['content-encoding', 'gzip'],
  ['content-encoding', 'br, deflate'],
  ['accept', 'application/xml;q=nonsense'],
  ['accept', 'image/png'],
  ['accept-encoding', 'identity;q=0, *;q=0'],
  ['origin', 'https://evil.example'],
  ['origin', 'null'],
  ['origin', '\xff\xfe'],
  ['access-control-request-method', 'DELETE'],
  ['access-control-request-headers', 'x'.repeat(2000)],
  ['if-none-match', '*'],
  ['if-none-match', ','.repeat(2000)],
  ['if-none-match', 'W/"constructor'],
  ['range', 'bytes=-1'],
  ['x-http-method-override', 'DELETE'],
  ['x-forwarded-for', '127.0.0.1, \xa0'],
  ['x-amzn-trace-id', 'Root=;;;'],
  ['host', 'evil.example'],
  ['cookie', '=; __proto__=1; =;;;'],
  ['cloudfront-viewer-country', ''],
  ['cloudfront-viewer-country', '\xe9'.repeat(1000)],
  ['cloudfront-viewer-country', '__proto__'],
  ['__proto__', 'x'],
  ['constructor', 'x'],
  ['tostring', ''],
  ['user-agent', '\x80'.repeat(3000)],
  ['te', 'trailers'],
];

const BYTES = {
  'nothing at all': () => Buffer.alloc(0),
  'cut in the middle': (body: Buffer) => body.subarray(0, Math.ceil(body.length / 2)),
  'without its last byte': (body: Buffer) => body.subarray(0, -1),
  'with a mark in front': (body: Buffer) => Buffer.concat([Buffer.from('\ufeff'), body]),
  'in UTF-16': (body: Buffer) => Buffer.from(body.toString(), 'utf16le'),
  'with bytes that are no UTF-8': (body: Buffer) =>
    Buffer.from(body.toString('latin1').replace('"', '"\xff\xfe'), 'latin1'),
  'packed, and nobody told': (body: Buffer) => gzipSync(body),
  twice: (body: Buffer) => Buffer.concat([body, body]),
  'with a comma too many': (body: Buffer) => Buffer.from(body.toString().replace(/}$/, ',}')),
  'with NaN': (body: Buffer) => Buffer.from(body.toString().replace(/:"[^"]*"/, ':NaN')),
  'a form': () => Buffer.from('deviceId=tv&contentId=harbour'),
  'a very deep array': () => Buffer.from('['.repeat(8000)),
  'just too large': (body: Buffer) => padded(body, 16 * 1024 + 1),
  'far too large': (body: Buffer) => padded(body, 300 * 1024),
  'all zero': () => Buffer.alloc(512),
} as const;

/** As valid as it was, but for its size: what follows JSON's value may be blank. */
function padded(body: Buffer, bytes: number): Buffer {
  return Buffer.concat([body, Buffer.alloc(Math.max(0, bytes - body.length), ' ')]);
}

const SIGNATURES = [
  'none',
  'no time',
  'no id',
  'a time that is none',
  'a time far ahead',
  'a time before 1970',
  'an old time',
  'an empty one',
  'one of another version',
  'one by another secret',
  'one of another body',
  'one that is cut',
  'a thousand wrong ones',
  'one in other bytes',
] as const;

/** Stripe’s have no id. */
function signaturesOf(seal: Seal) {
  return SIGNATURES.filter((how) => seal !== 'stripe' || how !== 'no id');
}

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
    ...(door.seal === 'checkout' || door.seal === 'stripe'
      ? [
          fc.record({
            kind: fc.constant('signature' as const),
            how: fc.constantFrom(...signaturesOf(door.seal)),
          }),
        ]
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
  return {
    url: `${origin.origin}/${at.replace(/^\//, '')}${query ? `?${QUERIES[query.which]}` : ''}`,
    method: only('method')?.method ?? door.method,
    headers: [...own.filter(([name]) => !extra.some(([other]) => other === name)), ...extra],
    body,
  };
}

function sealOf(
  world: BadWorld,
  seal: Seal,
  {
    body,
    token,
    signature,
  }: { readonly body: Buffer; readonly token: string | undefined; readonly signature: string | undefined },
): readonly (readonly [string, string])[] {
  if (seal === 'none') return [];
  if (seal === 'momento') return [['authorization', world.momentoToken]];
  if (seal === 'viewer') {
    const shown = token === undefined ? `Bearer ${world.viewer.idToken}` : brokenIdTokens[token]!(world);
    return shown === undefined ? [] : [['authorization', shown]];
  }
  const seconds: Readonly<Record<string, string>> = {
    'a time that is none': '1e3x',
    'a time far ahead': '99999999999999999999',
    'a time before 1970': '-1',
    'an old time': String(Math.floor(Date.now() / 1000) - 3600),
  };
  const at = seconds[signature ?? ''] ?? String(Math.floor(Date.now() / 1000));
  const signed = signature === 'one of another body' ? Buffer.from('{}') : body;
  const id = 'msg_bad';
  const isStripe = seal === 'stripe';
  const secret =
    signature === 'one by another secret'
      ? 'whsec_c29tZWJvZHkgZWxzZQ=='
      : isStripe
        ? world.stripeSecret
        : world.checkoutSecret;
  const key = isStripe ? secret : Buffer.from(secret.replace('whsec_', ''), 'base64');
  const prefix = isStripe ? `${at}.` : `${id}.${at}.`;
  const right = createHmac('sha256', key)
    .update(prefix)
    .update(signed)
    .digest(isStripe ? 'hex' : 'base64');
  const made = signatureTexts(right)[signature ?? ''] ?? right;
  if (isStripe) {
    const time = signature === 'no time' ? [] : [`t=${at}`];
    const version = signature === 'one of another version' ? 'v0' : 'v1';
    const parts =
      signature === 'a thousand wrong ones'
        ? Array.from({ length: 100 }, () => `v1=${'0'.repeat(64)}`)
        : [`${version}=${made}`];
    return signature === 'none' ? [] : [['stripe-signature', [...time, ...parts].join(',')]];
  }
  const version = signature === 'one of another version' ? 'v2' : 'v1';
  const all =
    signature === 'a thousand wrong ones'
      ? Array.from({ length: 100 }, () => `v1,${'A'.repeat(43)}=`).join(' ')
      : `${version},${made}`;
  const headers: readonly (readonly [string, string])[] = [
    ['webhook-id', id],
    ['webhook-timestamp', at],
    ['webhook-signature', all],
  ];
  const missing: Readonly<Record<string, string>> = {
    none: 'webhook-signature',
    'no id': 'webhook-id',
    'no time': 'webhook-timestamp',
  };
  return headers.filter(([name]) => name !== missing[signature ?? '']);
}

function signatureTexts(right: string): Readonly<Record<string, string>> {
  return { 'an empty one': '', 'one that is cut': right.slice(0, -5), 'one in other bytes': '\xff\xfe' };
}
