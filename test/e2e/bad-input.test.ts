import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { openStage, originOf, parameterOf, startsItself, type RunningStage } from './running-stage.ts';
import {
  buy,
  call,
  checkoutEvent,
  deliver,
  depthOf,
  newViewer,
  snapshotOf,
  tokensOf,
  type Viewer,
} from './support.ts';

let stack: RunningStage;
let viewer: Viewer;
beforeAll(async () => {
  stack = await openStage();
  viewer = await newViewer(stack);
  await snapshotOf(stack, viewer); // the first read of an account asks for its first recompute
  await vi.waitFor(expectNothingWaits, { timeout: 20_000 });
});
afterAll(() => stack?.stop());

/** A clear refusal: a problem document with CORS, below 500. */
async function expectProblem(
  response: Response,
  status: number,
  slug: string,
): Promise<Record<string, unknown>> {
  const problem = (await response.json()) as Record<string, unknown>;
  expect(problem).toMatchObject({ type: `urn:usher:problem:${slug}`, status });
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  // API Gateway's own answers cannot tell one of several origins from another: then everyone may read them.
  const readers = stack.outputs['Origins']!.includes(',') ? [originOf(stack), '*'] : [originOf(stack)];
  expect(response.headers.get('access-control-allow-origin')).toBeOneOf(readers);
  expect(response.headers.get('access-control-allow-credentials')).toBeNull();
  return problem;
}

/** Nothing lies in the queue, where it is the test's own: elsewhere others use it, and AWS counts by and by. */
async function expectNothingWaits(): Promise<void> {
  if (!startsItself()) return;
  expect(await depthOf(stack as LocalStack, stack.outputs['CheckoutQueueUrl'])).toBe(0);
}

async function expectNothingHappened(): Promise<void> {
  await expectNothingWaits();
  expect(await snapshotOf(stack, viewer)).toMatchObject({ version: 0, access: { grants: ['free'] } });
}

describe('a checkout event', () => {
  const wrong: readonly (readonly [field: string, value: unknown])[] = [
    ['id', 7],
    ['id', ''],
    ['id', 'a'.repeat(65)],
    ['occurredAt', 'yesterday'],
    ['occurredAt', '2026-02-30T00:00:00.000Z'],
    ['occurredAt', new Date(Date.now() + 6 * 60_000).toISOString()],
    ['revision', -1],
    ['revision', '3'],
    ['accountId', 'heartbeat'],
    ['accountId', 'catalog'],
    ['accountId', '../etc'],
    ['accountId', null],
    ['purchaseId', {}],
    ['productId', ['premium']],
    ['status', 'ACTIVE'],
    ['validFrom', 0],
    ['validUntil', 'never'],
    ['validUntil', '1999-01-01T00:00:00.000Z'],
    ['notify', 'false'],
  ];

  test.each(wrong)('with the wrong %s %j is refused and names it', async (field, value) => {
    const event = checkoutEvent(viewer.accountId, { [field]: value });
    const problem = await expectProblem(await deliver(stack, JSON.stringify(event)), 400, 'malformed');
    expect(problem['field']).toBe(field);
    await expectNothingHappened();
  });

  test.each([
    ['malformed JSON', '{"id": '],
    ['an array', '[]'],
    ['null', 'null'],
    ['a number', '7'],
    ['nothing', ''],
  ])('that is %s, though signed, is refused', async (_, body) => {
    await expectProblem(await deliver(stack, body), 400, 'malformed');
    await expectNothingHappened();
  });

  test('for an unknown product is refused', async () => {
    const event = checkoutEvent(viewer.accountId, { productId: 'no-such-product' });
    await expectProblem(await deliver(stack, JSON.stringify(event)), 400, 'unknown-product');
    await expectNothingHappened();
  });

  test('that gives away what is free already is refused', async () => {
    const event = checkoutEvent(viewer.accountId, { productId: 'free' });
    await expectProblem(await deliver(stack, JSON.stringify(event)), 400, 'unknown-product');
  });

  test('of more than 16 KB is refused', async () => {
    const event = checkoutEvent(viewer.accountId, { padding: 'x'.repeat(17_000) });
    await expectProblem(await deliver(stack, JSON.stringify(event)), 413, 'too-large');
    await expectNothingHappened();
  });

  test('that is unsigned is refused', async () => {
    const body = JSON.stringify(checkoutEvent(viewer.accountId));
    await expectProblem(
      await call(stack, '/checkout-events', { method: 'POST', body }),
      401,
      'bad-signature',
    );
    await expectNothingHappened();
  });

  test('that is signed by somebody else is refused', async () => {
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const response = await deliver(stack, JSON.stringify(checkoutEvent(viewer.accountId)), secret);
    await expectProblem(response, 401, 'bad-signature');
    await expectNothingHappened();
  });

  test('that was signed ten minutes ago is refused', async () => {
    const at = new Date(Date.now() - 10 * 60_000);
    const response = await deliver(stack, JSON.stringify(checkoutEvent(viewer.accountId)), undefined, at);
    await expectProblem(response, 401, 'stale-signature');
    await expectNothingHappened();
  });

  test('whose body was changed after signing is refused', async () => {
    const [secret = ''] = (await parameterOf(stack, 'checkout-secrets')).split(' ');
    const body = JSON.stringify(checkoutEvent(viewer.accountId));
    const at = Math.floor(Date.now() / 1000);
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    const signature = createHmac('sha256', key).update(`msg.${at}.${body}`).digest('base64');
    const response = await call(stack, '/checkout-events', {
      method: 'POST',
      body: body.replace('premium', 'sports'),
      headers: {
        'webhook-id': 'msg',
        'webhook-timestamp': String(at),
        'webhook-signature': `v1,${signature}`,
      },
    });
    await expectProblem(response, 401, 'bad-signature');
    await expectNothingHappened();
  });

  test('of a signed-in viewer counts no more than anybody else’s', async () => {
    const response = await call(stack, '/checkout-events', {
      viewer,
      method: 'POST',
      body: JSON.stringify(checkoutEvent(viewer.accountId)),
    });
    await expectProblem(response, 401, 'bad-signature');
    await expectNothingHappened();
  });

  test('with fields that nobody knows, of any characters, takes effect', async () => {
    const other = await newViewer(stack);
    const note = '\u{1f600} \uffff \u0000 \ud800';
    const response = await deliver(stack, JSON.stringify(checkoutEvent(other.accountId, { note })));
    expect(response.status).toBe(202);
    await expect.poll(async () => (await snapshotOf(stack, other)).version).toBe(1);
  });

  test('that arrives twice takes effect once', async () => {
    const other = await newViewer(stack);
    const body = JSON.stringify(checkoutEvent(other.accountId));
    expect((await deliver(stack, body)).status).toBe(202);
    await expect.poll(async () => (await snapshotOf(stack, other)).version).toBe(1);
    expect((await deliver(stack, body)).status).toBe(202);
    await vi.waitFor(expectNothingWaits, { timeout: 20_000 });
    await buy(stack, checkoutEvent(other.accountId, { productId: 'sports' }));
    await expect.poll(async () => (await snapshotOf(stack, other)).access.grants).toContain('sports');
    expect((await snapshotOf(stack, other)).version).toBe(2);
  });
});

describe('a viewer’s route', () => {
  const routes: readonly (readonly [method: string, path: string])[] = [
    ['GET', '/token'],
    ['GET', '/entitlements'],
    ['POST', '/entitlements/recompute'],
  ];
  const segments = (token: string) => token.split('.') as [string, string, string];
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const decode = (segment: string) => JSON.parse(Buffer.from(segment, 'base64url').toString()) as object;

  /** What a viewer might try instead of her own ID token. */
  const tokens: Readonly<Record<string, () => string | undefined>> = {
    'no token': () => undefined,
    'an empty token': () => '',
    'no JWT': () => 'Bearer nonsense',
    'an access token': () => `Bearer ${viewer.accessToken}`,
    'a token with another account in it': () => {
      const [header, claims, signature] = segments(viewer.idToken);
      return `Bearer ${header}.${encode({ ...decode(claims), sub: 'another' })}.${signature}`;
    },
    'a token of which the signature is cut': () => `Bearer ${viewer.idToken.slice(0, -8)}`,
    'a token without a signature (alg none)': () => {
      const [header, claims] = segments(viewer.idToken);
      return `Bearer ${encode({ ...decode(header), alg: 'none' })}.${claims}.`;
    },
    'a token signed by somebody else': () => {
      const [header, claims] = segments(viewer.idToken);
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const signature = sign('RSA-SHA256', Buffer.from(`${header}.${claims}`), privateKey);
      return `Bearer ${header}.${claims}.${signature.toString('base64url')}`;
    },
  };

  test.each(
    routes.flatMap(([method, path]) => Object.keys(tokens).map((name) => [method, path, name] as const)),
  )('%s %s refuses %s', async (method, path, name) => {
    const authorization = tokens[name]!();
    const headers = authorization === undefined ? {} : { authorization };
    await expectProblem(await call(stack, path, { method, headers }), 401, 'unauthenticated');
  });

  test('refuses a version that is none', async () => {
    const response = await call(stack, '/entitlements?atLeast=-1', { viewer });
    expect(await expectProblem(response, 400, 'malformed')).toMatchObject({ field: 'atLeast' });
  });

  test('that does not exist is refused as any other that is not open', async () => {
    await expectProblem(await call(stack, '/no-such-route'), 403, 'forbidden');
  });
});

// What only the stand-ins can be asked: a run against a deployed stage leaves it out.
describe.runIf(startsItself())('with everything at hand', () => {
  test('a viewer’s route refuses an ID token after its hour', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61 * 60_000 });
    try {
      await expectProblem(await call(stack, '/entitlements', { viewer }), 401, 'unauthenticated');
    } finally {
      vi.useRealTimers();
    }
    expect((await call(stack, '/entitlements', { viewer })).status).toBe(200);
  });

  test('no answer to bad input is a 5xx, and no log line ever held a token, a key or a secret', async () => {
    const local = stack as LocalStack;
    const tokens = await tokensOf(stack, viewer);
    await buy(stack, checkoutEvent((await newViewer(stack)).accountId));
    const secrets = [
      viewer.idToken,
      viewer.accessToken,
      tokens.token,
      tokens.cacheToken,
      ...['momento-super-key', 'momento-data-key', 'checkout-secrets'].map((name) =>
        local.ssm.get(`/usher/local/${name}`)!,
      ),
    ];
    expect(secrets.every((secret) => secret.length > 20)).toBe(true);
    const lines = local.logs.map(({ line }) => line);
    expect(lines.length).toBeGreaterThan(20);
    for (const secret of secrets) {
      // A part of a secret is one too: its signature, or the random half of it.
      const part = secret.slice(-24);
      expect(lines.filter((line) => line.includes(part))).toEqual([]);
    }
    expect(lines.filter((line) => /"status":5\d\d/.test(line))).toEqual([]);
  });
});
