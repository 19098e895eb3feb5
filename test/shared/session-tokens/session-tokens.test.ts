import { webcrypto } from 'node:crypto';
import fc from 'fast-check';
import {
  base64url,
  CompactSign,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
} from 'jose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { textOfSession } from '../../../shared/domain/sessions.ts';
import { Unavailable } from '../../../shared/errors.ts';
import { sessionTokens } from '../../../shared/session-tokens/session-tokens.ts';
import { publicKeysOf } from '../../../shared/session-tokens/session-keys.ts';
import { makeSessionKey } from '../../support/session-keys.ts';
import { grant, grants, instance, NOW_MS } from './world.ts';

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe('a session token', () => {
  it('says whose session plays what, where, and until when', async () => {
    const token = await instance().sign(grant);
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'JWT', kid: 'first' });
    expect(decodeJwt(token)).toEqual({
      iss: 'usher',
      aud: 'prod',
      sub: 'ada',
      sid: '7f9c2ba4-e88f-4f34-b5e0-1d0f1b2c3d4e',
      iat: Date.parse('2026-11-22T10:00:00.000Z') / 1000,
      exp: Date.parse('2026-11-22T10:00:40.000Z') / 1000,
      contentId: 'nightfall',
      deviceId: 'television',
      playerId: 'tab-1',
      deviceType: 'tv',
      region: 'JP',
      usher: {
        slot: 2,
        startedAt: '2026-11-22T10:00:00.000Z',
        nonce: 'c0ffee',
        instead: { sessionId: 'an-older-one', reason: 'superseded' },
        recheckAtMs: Date.parse('2026-12-01T00:00:00.123Z'),
        degradedUntilMs: null,
      },
    });
  });

  it('never outlives its lease: a broken second is dropped', async () => {
    const { sign, verify } = instance();
    const token = await sign({ ...grant, expiresAtMs: grant.expiresAtMs + 999 });
    expect(decodeJwt(token).exp).toBe(grant.expiresAtMs / 1000);
    expect(await verify(token)).toEqual(grant);
  });

  it('gives back what was granted, to the letter of the slot', async () => {
    const { sign, verify } = instance();
    await fc.assert(
      fc.asyncProperty(grants, async (granted) => {
        const read = await verify(await sign(granted));
        expect(read).toEqual(granted);
        expect(read && textOfSession(read.session)).toBe(textOfSession(granted.session));
      }),
      { numRuns: 300 },
    );
  });

  it('is read also when it has expired: what then is not for it to say', async () => {
    const { sign, verify } = instance();
    const expired = { ...grant, expiresAtMs: NOW_MS - 86_400_250 };
    expect(await verify(await sign(expired))).toEqual(expired);
  });

  it('is short enough with the longest names', async () => {
    const id = 'x'.repeat(64);
    const { sign, verify } = instance();
    const longest = {
      ...grant,
      accountId: id,
      session: {
        ...grant.session,
        sessionId: id,
        deviceId: id,
        playerId: id,
        contentId: id,
        nonce: id,
        instead: { sessionId: id, reason: 'superseded' as const },
      },
    };
    const token = await sign(longest);
    expect(token.length).toBeLessThan(2048);
    expect(await verify(token)).toEqual(longest);
  });
});

describe('what is no token of this stage', () => {
  it('any flipped character makes it one', async () => {
    const { sign, verify } = instance();
    const ascii = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
    const token = await sign(grant);
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(...ascii), async (at, character) => {
        fc.pre(token[at] !== character);
        expect(await verify(`${token.slice(0, at)}${character}${token.slice(at + 1)}`)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
    // The last one stands for two bits only, so that decoders take sixteen characters for the same.
    for (const last of ascii.filter((character) => !token.endsWith(character))) {
      expect(await verify(token.slice(0, -1) + last)).toBeUndefined();
    }
  });

  it('garbage is refused, not reported', async () => {
    const { verify } = instance();
    const segment = fc.oneof(fc.base64String(), fc.json().map(base64url.encode), fc.string());
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.array(segment, { maxLength: 5 }).map((parts) => parts.join('.')),
        ),
        async (garbage) => {
          expect(await verify(garbage)).toBeUndefined();
        },
      ),
    );
    const signature = 'A'.repeat(86);
    for (const header of ['null', '[]', '""', '1', '{', '{}', '{"alg":"ES256"}', '{"alg":"ES256","kid":1}']) {
      expect(await verify(`${base64url.encode(header)}.e30.${signature}`)).toBeUndefined();
    }
  });

  it('more than 4 KB are refused before anything is done with them', async () => {
    const { keys, verify, secrets } = instance();
    const asked = vi.spyOn(secrets, 'get');
    const key = await importJWK({ ...keys.current });
    const huge = await new CompactSign(encode({ padding: 'x'.repeat(4096) }))
      .setProtectedHeader({ alg: 'ES256', kid: 'first' })
      .sign(key);
    expect(await verify(huge)).toBeUndefined();
    expect(asked).not.toHaveBeenCalled();
  });

  it('a token of another stage is refused, though the keys be the same', async () => {
    const current = instance().keys.current;
    const [prod, dev] = [instance({ current }), instance({ current, stageName: 'dev' })];
    expect(await prod.verify(await dev.sign(grant))).toBeUndefined();
    expect(await dev.verify(await dev.sign(grant))).toEqual(grant);
  });

  it('a token of another key is refused, though it claims the same name', async () => {
    expect(await instance().verify(await instance().sign(grant))).toBeUndefined();
  });

  it.each([
    ['an issuer of its own', { iss: 'someone' }],
    ['two audiences', { aud: ['prod', 'dev'] }],
    ['no account', { sub: undefined }],
    ['no end', { exp: undefined }],
    ['an end that is no number', { exp: '1795341640' }],
    ['a device type that there is not', { deviceType: 'toaster' }],
    ['nothing of what renews it', { usher: undefined }],
  ])('a signed token with %s is refused', async (_, change) => {
    const { keys, sign, verify } = instance();
    const key = await importJWK({ ...keys.current });
    const signed = (claims: object) =>
      new CompactSign(encode(claims)).setProtectedHeader({ alg: 'ES256', kid: 'first' }).sign(key);
    const claims = decodeJwt(await sign(grant));
    expect(await verify(await signed(claims))).toEqual(grant);
    expect(await verify(await signed({ ...claims, ...change }))).toBeUndefined();
  });

  it('signed bytes that are no JSON are refused', async () => {
    const { keys, verify } = instance();
    const key = await importJWK({ ...keys.current });
    for (const bytes of [new Uint8Array([0xff, 0]), new TextEncoder().encode('{'), encode(null)]) {
      const token = new CompactSign(bytes).setProtectedHeader({ alg: 'ES256', kid: 'first' }).sign(key);
      expect(await verify(await token)).toBeUndefined();
    }
  });
});

describe('a token that names another algorithm', () => {
  async function claimed() {
    const { keys, sign, verify, secrets } = instance();
    const claims = encode(decodeJwt(await sign(grant)));
    return { keys, verify, claims, payload: base64url.encode(claims), secrets };
  }
  const headerOf = (header: object) => base64url.encode(JSON.stringify(header));

  it.each(['none', 'None', 'NONE', '', 'ES256 ', 'es256', 'ES384', 'ES256K', 'EdDSA', 'RS256', null, 1])(
    'is refused without a look for its key (%s)',
    async (alg) => {
      const { verify, payload, secrets } = await claimed();
      const asked = vi.spyOn(secrets, 'get');
      const header = headerOf({ alg, kid: 'first' });
      expect(await verify(`${header}.${payload}.`)).toBeUndefined();
      expect(await verify(`${header}.${payload}.${'A'.repeat(86)}`)).toBeUndefined();
      expect(asked).not.toHaveBeenCalled();
    },
  );

  it.each(['HS256', 'HS512'])('is refused when the public key served as the password (%s)', async (alg) => {
    const { keys, verify, claims, payload } = await claimed();
    const [publicKey] = publicKeysOf(keys);
    if (!publicKey) throw new Error('there is a current key');
    const spki = await exportSPKI(await importJWK({ ...publicKey }, 'ES256', { extractable: true }));
    for (const password of [spki, spki.trim(), JSON.stringify(publicKey)]) {
      const secret = new TextEncoder().encode(password);
      const token = await new CompactSign(claims).setProtectedHeader({ alg, kid: 'first' }).sign(secret);
      expect(await verify(token)).toBeUndefined();
      // Whether the header says what it is or lies about it.
      expect(
        await verify(`${headerOf({ alg: 'ES256', kid: 'first' })}.${payload}.${token.split('.')[2] ?? ''}`),
      ).toBeUndefined();
    }
  });

  it.each(['ES384', 'ES512', 'EdDSA'])(
    'is refused with a real signature of its own kind (%s)',
    async (alg) => {
      const { verify, claims } = await claimed();
      const { privateKey } = await generateKeyPair(alg);
      const token = await new CompactSign(claims).setProtectedHeader({ alg, kid: 'first' }).sign(privateKey);
      expect(await verify(token)).toBeUndefined();
    },
  );

  it('is refused when it brings its own key along', async () => {
    const { verify, claims } = await claimed();
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    for (const header of [{ jwk }, { jwk, kid: 'first' }, { jku: 'https://keys.example', kid: 'first' }]) {
      const token = new CompactSign(claims).setProtectedHeader({ alg: 'ES256', ...header }).sign(privateKey);
      expect(await verify(await token)).toBeUndefined();
    }
  });
});

describe('the keys', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('are imported once for each value that the secret has', async () => {
    const imports = vi.spyOn(webcrypto.subtle, 'importKey');
    const { keys, sign, verify, rotate, secrets } = instance();
    await Promise.all([sign(grant), sign(grant), verify(await sign(grant))]);
    expect(imports).toHaveBeenCalledTimes(2); // its private half and its public one

    rotate({ current: makeSessionKey('second'), previous: keys.current });
    await secrets.refresh(await secrets.get());
    await verify(await sign(grant));
    await verify(await sign(grant));
    expect(imports).toHaveBeenCalledTimes(5);
  });

  it('were never fetched: unavailable, and no verdict over the token', async () => {
    const token = await instance().sign(grant);
    const unavailable = async () => {
      throw new Unavailable('secrets cannot be fetched');
    };
    const tokens = sessionTokens({ secrets: { get: unavailable, refresh: unavailable }, stageName: 'prod' });
    await expect(tokens.verify(token)).rejects.toBeInstanceOf(Unavailable);
    await expect(tokens.sign(grant)).rejects.toBeInstanceOf(Unavailable);
  });

  it('that are malformed are an error for whoever signs or verifies', async () => {
    const { keys, sign, verify, secrets } = instance();
    const token = await sign(grant);
    secrets.rotate({ keys: JSON.stringify({ current: { ...keys.current, kid: '' } }) });
    await secrets.refresh(await secrets.get());
    await expect(sign(grant)).rejects.toThrow('the parameter session-keys is wrong: current.kid');
    await expect(verify(token)).rejects.toThrow('the parameter session-keys is wrong: current.kid');
  });
});
