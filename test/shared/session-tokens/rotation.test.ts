import { CompactSign, decodeProtectedHeader, importJWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { makeSessionKey } from '../../support/session-keys.ts';
import { grant, instance } from './world.ts';

const [first, second, third] = [makeSessionKey('first'), makeSessionKey('second'), makeSessionKey('third')];

describe('while the session keys are rotated', () => {
  it('the next key verifies and does not sign', async () => {
    const { sign, verify, secrets } = instance({ current: first, next: second });
    expect(decodeProtectedHeader(await sign(grant)).kid).toBe('first');
    expect(await verify(await instance({ current: second }).sign(grant))).toEqual(grant);
    expect(secrets.refreshes()).toBe(0);
  });

  it('the key that was next signs as soon as it is current, and what the previous one signed stays valid', async () => {
    const { sign, verify, rotate, secrets } = instance({ current: first, next: second });
    const older = await sign(grant);
    rotate({ current: second, previous: first });
    await secrets.refresh(await secrets.get());

    const newer = await sign(grant);
    expect(decodeProtectedHeader(newer).kid).toBe('second');
    expect(await verify(newer)).toEqual(grant);
    expect(await verify(older)).toEqual(grant);
    expect(secrets.refreshes()).toBe(1); // the test's own
  });

  it('instances that have seen a step and those that have not accept each other’s tokens', async () => {
    const steps = [
      { current: first },
      { current: first, next: second },
      { current: second, previous: first },
      { current: second },
    ] as const;
    for (const [index, behind] of steps.slice(0, -1).entries()) {
      const ahead = steps[index + 1] ?? behind;
      const [old, young] = [instance(behind), instance(ahead)];
      expect(await old.verify(await young.sign(grant))).toEqual(grant);
      expect(await young.verify(await old.sign(grant))).toEqual(grant);
    }
  });

  it('a warm instance that has never seen the key fetches the secret once, and accepts', async () => {
    const { verify, rotate, secrets } = instance({ current: first });
    rotate({ current: third, previous: first });
    const token = await instance({ current: third }).sign(grant);
    expect(await verify(token)).toEqual(grant);
    expect(await verify(token)).toEqual(grant);
    expect(secrets.refreshes()).toBe(1);
  });

  it('the tokens of a key that was taken out are refused', async () => {
    const { sign, verify, rotate, secrets } = instance({ current: first });
    const token = await sign(grant);
    rotate({ current: second });
    expect(await verify(token)).toEqual(grant); // until the instance learns of it
    await secrets.refresh(await secrets.get());
    expect(await verify(token)).toBeUndefined();
  });

  it('a key that nobody knows costs one look and is refused', async () => {
    const { verify, secrets } = instance({ current: first });
    expect(await verify(await instance({ current: third }).sign(grant))).toBeUndefined();
    expect(secrets.refreshes()).toBe(1);
  });

  it.each([{}, { kid: null }, { kid: 1 }])('a token that names no key costs no look (%j)', async (names) => {
    const { verify, secrets } = instance({ current: first });
    const token = new CompactSign(new TextEncoder().encode('{}'))
      .setProtectedHeader({ alg: 'ES256', ...(names as { kid?: string }) })
      .sign(await importJWK({ ...first }));
    expect(await verify(await token)).toBeUndefined();
    expect(secrets.refreshes()).toBe(0);
  });
});
