import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { CompactSign, importJWK } from 'jose';
import type { BadWorld } from './bad-world.ts';

const { privateKey: ofSomebodyElse, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part: string) =>
  JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
const partsOf = (token: string) => token.split('.') as [header: string, claims: string, signature: string];

function signedBy(key: typeof ofSomebodyElse, header: object, claims: object): string {
  const text = `${encode(header)}.${encode(claims)}`;
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
}

/** The viewer's own token, which has to be sent an hour later. */
export const EXPIRED = 'one that has expired';

/** What stands in `Authorization` instead of the viewer's ID token; `undefined`: nothing. None of it may be let in. */
export const brokenIdTokens: Readonly<Record<string, (world: BadWorld) => string | undefined>> = {
  nothing: () => undefined,
  'an empty header': () => '',
  'the scheme alone': () => 'Bearer',
  'another scheme': () => `Basic ${Buffer.from('ada:secret').toString('base64')}`,
  'no token': () => 'Bearer nonsense',
  'three empty parts': () => 'Bearer ..',
  'parts that are no JSON': () => 'Bearer AAAA.AAAA.AAAA',
  'a very long one': () => `Bearer ${'a'.repeat(6000)}`,
  'bytes that are no text': () => 'Bearer \xff\xfe\x80',
  'an access token': ({ viewer }) => `Bearer ${viewer.accessToken}`,
  [EXPIRED]: ({ viewer }) => `Bearer ${viewer.idToken}`,
  'no algorithm': ({ viewer }) => {
    const [header, claims] = partsOf(viewer.idToken);
    return `Bearer ${encode({ ...decode(header), alg: 'none' })}.${claims}.`;
  },
  'the public key as a secret': ({ viewer }) => {
    const [header, claims] = partsOf(viewer.idToken);
    const text = `${encode({ ...decode(header), alg: 'HS256' })}.${claims}`;
    const pem = publicKey.export({ type: 'spki', format: 'pem' });
    return `Bearer ${text}.${createHmac('sha256', pem).update(text).digest('base64url')}`;
  },
  'a key of somebody else’s, by the right name': ({ viewer }) => {
    const [header, claims] = partsOf(viewer.idToken);
    return `Bearer ${signedBy(ofSomebodyElse, decode(header), decode(claims))}`;
  },
  'a key that nobody knows': ({ viewer }) => {
    const [header, claims] = partsOf(viewer.idToken);
    return `Bearer ${signedBy(ofSomebodyElse, { ...decode(header), kid: '__proto__' }, decode(claims))}`;
  },
  'no name of a key': ({ viewer }) => {
    const [, claims] = partsOf(viewer.idToken);
    return `Bearer ${signedBy(ofSomebodyElse, { alg: 'RS256' }, decode(claims))}`;
  },
  'one of another pool': ({ viewer }) => {
    const [header, claims] = partsOf(viewer.idToken);
    const iss = String(decode(claims)['iss']).replace(/[^_/]*$/, 'Elsewhere1');
    return `Bearer ${signedBy(ofSomebodyElse, decode(header), { ...decode(claims), iss })}`;
  },
  'another’s claims': ({ viewer, victim }) => {
    const [header, , signature] = partsOf(viewer.idToken);
    return `Bearer ${header}.${partsOf(victim.idToken)[1]}.${signature}`;
  },
  'claims of one’s own': ({ viewer, victim }) => {
    const [header, claims, signature] = partsOf(viewer.idToken);
    return `Bearer ${header}.${encode({ ...decode(claims), sub: victim.accountId })}.${signature}`;
  },
  'claims that are no object': ({ viewer }) => {
    const [header, , signature] = partsOf(viewer.idToken);
    return `Bearer ${header}.${encode(null)}.${signature}`;
  },
  'a signature that is cut': ({ viewer }) => `Bearer ${viewer.idToken.slice(0, -8)}`,
  'its parts the other way round': ({ viewer }) => `Bearer ${partsOf(viewer.idToken).toReversed().join('.')}`,
  'a session’s token': ({ ownLease }) => `Bearer ${ownLease.sessionToken}`,
  'a token of Momento’s': ({ momentoToken }) => `Bearer ${momentoToken}`,
  'a part more': ({ viewer }) => `Bearer ${viewer.idToken}.AAAA`,
};

/** One of the stage's own making, with other claims in it: what only whoever has the stage's key could show. */
async function made(
  { ownLease, sessionKey }: BadWorld,
  change: (claims: Record<string, unknown>) => unknown,
): Promise<string> {
  const claims = change(decode(partsOf(ownLease.sessionToken)[1]));
  return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: String(sessionKey.kid) })
    .sign(await importJWK(sessionKey, 'ES256'));
}

/** Of a player that has no screen: the viewer's own would get its own back. */
const elsewhere = (claims: Record<string, unknown>, more: object) => ({
  ...claims,
  sid: 'never',
  deviceId: 'never',
  playerId: 'never',
  usher: { ...usher(claims), nonce: 'never', ...more },
});

const usher = (claims: Record<string, unknown>) => claims['usher'] as object;

/** What is sent instead of a session's token. None of it may keep, end or start anything. */
export const brokenSessionTokens: Readonly<Record<string, (world: BadWorld) => Promise<string> | string>> = {
  nothing: () => '',
  'no token': () => 'a.b.c',
  'a very long one': () => 'a'.repeat(5000),
  'one in other letters': () => '\u{1f600}.\u0000.\ud800',
  'the viewer’s ID token': ({ viewer }) => viewer.idToken,
  'no algorithm': ({ ownLease }) => {
    const [header, claims, signature] = partsOf(ownLease.sessionToken);
    return `${encode({ ...decode(header), alg: 'none' })}.${claims}.${signature}`;
  },
  'another key’s name': ({ ownLease }) => {
    const [header, claims, signature] = partsOf(ownLease.sessionToken);
    return `${encode({ ...decode(header), kid: 'constructor' })}.${claims}.${signature}`;
  },
  'a header that must be understood': ({ ownLease }) => {
    const [header, claims, signature] = partsOf(ownLease.sessionToken);
    return `${encode({ ...decode(header), crit: ['b64'], b64: false })}.${claims}.${signature}`;
  },
  'a header that is no JSON': ({ ownLease }) => {
    const [, claims, signature] = partsOf(ownLease.sessionToken);
    return `AAAA.${claims}.${signature}`;
  },
  'another session’s claims': ({ ownLease, victimLease }) => {
    const [header, , signature] = partsOf(ownLease.sessionToken);
    return `${header}.${partsOf(victimLease.sessionToken)[1]}.${signature}`;
  },
  'other bits in its last letter': ({ ownLease }) => `${ownLease.sessionToken.slice(0, -1)}h`,
  'no object, signed': (world) => made(world, () => null),
  'no claims, signed': (world) => made(world, () => ({})),
  'no slot, signed': (world) =>
    made(world, (claims) => ({ ...claims, usher: { ...usher(claims), slot: 'one' } })),
  'a slot beyond all, signed': (world) => made(world, (claims) => elsewhere(claims, { slot: 1e15 })),
  'a slot before the first, signed': (world) => made(world, (claims) => elsewhere(claims, { slot: -1 })),
  'an end long ago, signed': (world) => made(world, (claims) => ({ ...claims, exp: 0 })),
  'an end before 1970, signed': (world) => made(world, (claims) => ({ ...claims, exp: -1e12 })),
  'no end, signed': (world) => made(world, (claims) => ({ ...claims, exp: undefined })),
  'another stage, signed': (world) => made(world, (claims) => ({ ...claims, aud: 'prod' })),
  'another device type, signed': (world) => made(world, (claims) => ({ ...claims, deviceType: '__proto__' })),
  'a session that never was, signed': (world) => made(world, (claims) => elsewhere(claims, {})),
};
