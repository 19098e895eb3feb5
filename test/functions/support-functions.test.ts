import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { endSessionOf, grantPromotion, revokePromotion } from '../../functions/change-account.ts';
import { erase } from '../../functions/erase-account.ts';
import { exportAccount, lookUpAccount } from '../../functions/look-up-account.ts';
import { parseCheckoutMessage } from '../../shared/checkout-message.ts';
import { textOfSession } from '../../shared/domain/sessions.ts';
import { eraseAccount } from '../../shared/entitlements/erase-account.ts';
import { recompute } from '../../shared/entitlements/recompute.ts';
import { Malformed, Outage, UnknownProduct } from '../../shared/errors.ts';
import { support, type SupportRequest } from '../../shared/lambda/support.ts';
import { capturedLog } from '../support/captured-log.ts';
import { apiEvent } from '../support/lambda-events.ts';
import { session } from '../support/sessions.ts';
import { memoryWorld, purchase } from '../support/world.ts';

const request = (changes: Partial<SupportRequest> & { readonly json?: object } = {}): SupportRequest => {
  const { json, ...rest } = changes;
  const body = Buffer.from(json ? JSON.stringify(json) : '');
  return { accountId: 'ada', headers: {}, query: { reason: 'T-1' }, path: {}, body, ...rest };
};
const GIFT = { productId: 'premium', validUntil: '2026-12-31T00:00:00.000Z', reason: 'T-1' };

function stage() {
  const world = memoryWorld();
  let ids = 9;
  // The later the lesser: no report wins by its id.
  const promotions = { ...world, newId: () => `id-${(ids -= 1)}` };
  const path = { promotionId: 'sorry' };
  return {
    world,
    grant: (json: object = GIFT) => grantPromotion(promotions)(request({ path, json })),
    revoke: () => revokePromotion(promotions)(request({ path })),
    /** What the queue holds is served. */
    settle: async () => {
      for (const message of world.queued.splice(0)) {
        for (const { accountId, purchase: reported } of parseCheckoutMessage(
          JSON.stringify(message),
          world.catalog,
        ))
          await recompute(world, accountId, reported ? [reported] : []);
      }
    },
    grants: () => world.stored.get('ada')?.access.grants,
  };
}

describe('a promotion', () => {
  it('is a purchase like any other, from now on unless told otherwise', async () => {
    const { grant, settle, grants, world } = stage();
    expect(await grant()).toEqual({
      status: 202,
      body: {
        purchaseId: 'promotion-sorry',
        productId: 'premium',
        validFrom: '2026-11-22T10:00:00.000Z',
        validUntil: GIFT.validUntil,
        eventId: 'support-id-8',
      },
    });
    await settle();
    expect(grants()).toEqual(['free', 'movies', 'series']);
    expect(world.published).toMatchObject([{ type: 'entitlement.created' }]);
  });

  it('that is given again changes nothing, and nobody is told', async () => {
    const { grant, settle, world } = stage();
    await grant();
    await settle();
    world.now.advance(60_000);
    await grant();
    await settle();
    expect(world.published).toHaveLength(1);
    expect(world.stored.get('ada')?.version).toBe(1);
  });

  it('is over at once when it is revoked, and may be given again', async () => {
    const { grant, revoke, settle, grants, world } = stage();
    await grant();
    await settle();
    world.now.advance(1000);
    expect(await revoke()).toMatchObject({ status: 202, body: { validUntil: '2026-11-22T10:00:01.000Z' } });
    await settle();
    expect(grants()).toEqual(['free']);
    world.now.advance(1000);
    expect(await revoke()).toMatchObject({ body: { validUntil: '2026-11-22T10:00:01.000Z' } });
    await settle();
    await grant();
    await settle();
    expect(grants()).toEqual(['free', 'movies', 'series']);
  });

  it('is revoked also within its millisecond, and by a clock that is behind', async () => {
    for (const behindMs of [0, 5000]) {
      const { grant, revoke, settle, grants, world } = stage();
      await grant();
      await settle();
      world.now.advance(-behindMs);
      await revoke();
      world.now.advance(behindMs);
      await settle();
      expect(grants()).toEqual(['free']);
    }
  });

  it('that the account does not have cannot be revoked; what it bought is none', async () => {
    const { revoke, settle, world } = stage();
    await recompute(world, 'ada', [purchase({ purchaseId: 'sorry' })]);
    await settle();
    await expect(revoke()).rejects.toMatchObject({ status: 404, slug: 'unknown-promotion' });
  });

  it('is no purchase that was sold under such a name: that is neither changed nor revoked', async () => {
    const { grant, revoke, world } = stage();
    await recompute(world, 'ada', [purchase({ purchaseId: 'promotion-sorry' })]);
    await expect(grant()).rejects.toMatchObject({ field: 'promotionId' });
    await expect(revoke()).rejects.toMatchObject({ status: 404, slug: 'unknown-promotion' });
    expect(world.queued).toEqual([]);
  });

  it('is had after an erasure, too, though that was up to what a clock ahead of ours has said', async () => {
    const { grant, settle, grants, world } = stage();
    await recompute(world, 'ada', [purchase({ occurredAt: '2026-11-22T10:04:00.000Z' })]);
    await eraseAccount(world, 'ada');
    await settle();
    await grant();
    await settle();
    expect(grants()).toEqual(['free', 'movies', 'series']);
  });

  it.each<[string, object, unknown]>([
    ['of nothing that is sold', { ...GIFT, productId: 'yacht' }, expect.any(UnknownProduct)],
    ['of what everyone has', { ...GIFT, productId: 'free' }, expect.any(UnknownProduct)],
    ['that is over', { ...GIFT, validUntil: '2026-11-22T10:00:00.000Z' }, { field: 'validUntil' }],
    [
      'that ends before it begins',
      { ...GIFT, validFrom: '2027-01-01T00:00:00.000Z' },
      { field: 'validUntil' },
    ],
    ['without an end', { productId: 'premium', reason: 'T-1' }, { field: 'validUntil' }],
    ['without a reason', { ...GIFT, reason: undefined }, { field: 'reason' }],
    ['with a reason of spaces', { ...GIFT, reason: '  ' }, { field: 'reason' }],
    ['with a novel for a reason', { ...GIFT, reason: 'x'.repeat(201) }, { field: 'reason' }],
  ])('%s is refused', async (_, json, error) => {
    const { grant, world } = stage();
    await expect(grant(json)).rejects.toMatchObject(error as object);
    expect(world.queued).toEqual([]);
  });

  it('with an id that is too long is told so by the name that its sender knows', async () => {
    const world = memoryWorld();
    const grant = grantPromotion({ ...world, newId: () => 'id' });
    const path = { promotionId: 'x'.repeat(55) };
    await expect(grant(request({ path, json: GIFT }))).rejects.toMatchObject({ field: 'promotionId' });
  });
});

describe('without a reason', () => {
  const world = memoryWorld();
  it.each([
    ['a session is not ended', endSessionOf(world)],
    ['a promotion is not revoked', revokePromotion({ ...world, newId: () => 'id' })],
    ['an account is not erased', erase(world)],
  ])('%s', async (_, answer) => {
    await expect(answer(request({ query: {} }))).rejects.toBeInstanceOf(Malformed);
  });
});

describe('looking an account up', () => {
  const readers = (world: ReturnType<typeof memoryWorld>) => ({
    ...world,
    degraded: {
      read: async () => ({ entries: [{ session: session(), untilMs: world.now() - 1 }], revision: 1 }),
    },
    readItems: async () => [
      { pk: 'ada', sk: 'account', basis: '{"sub_1":{"revision":0}}', recentChanges: '[[1,2,"evt_1"]]' },
      { pk: 'ada', sk: 'degraded', entries: `[{"session":${textOfSession(session())}}]`, revision: 1 },
      { pk: 'ada', sk: 'purchase#sub_1', productId: 'premium', note: '[not JSON' },
    ],
  });

  it('shows what it holds now, the last report first, and what is on its way', async () => {
    const world = memoryWorld();
    const later = purchase({ purchaseId: 'sub_2', occurredAt: '2026-11-22T09:30:00.000Z' });
    await recompute(world, 'ada', [purchase({ validUntil: '2026-11-23T00:00:00.000Z' }), later]);
    world.standing.set('ada', [undefined, textOfSession(session())]);
    world.now.advance(10 * 24 * 3_600_000);
    const { body } = await lookUpAccount(readers(world))(request());
    expect(body).toMatchObject({
      stored: true,
      snapshot: { entitlements: [{ held: true }, { held: false }, { held: true }] },
      purchases: [{ purchaseId: 'sub_2' }, { purchaseId: 'sub_1' }],
      sessions: [{ sessionId: 'session-1', slot: 2 }],
      degradedSessions: [],
      recentChanges: [{ version: 2, cause: 'evt_1+1' }],
    });
  });

  it('does without the sessions while Momento does not answer, where an export would not be whole', async () => {
    const world = memoryWorld();
    const slots = { ...world.slots, read: () => Promise.reject(new Outage('away')) };
    const away = { ...readers(world), slots };
    expect((await lookUpAccount(away)(request())).body).toMatchObject({ sessions: null, cached: null });
    await expect(exportAccount(away)(request())).rejects.toBeInstanceOf(Outage);
  });

  it('of whom nothing is stored says so', async () => {
    const { body } = await lookUpAccount(readers(memoryWorld()))(request());
    expect(body).toMatchObject({ stored: false, snapshot: null, purchases: [], recentChanges: [] });
  });

  it('exports every item, with what is JSON in it opened, and no nonce', async () => {
    const { body } = await exportAccount(readers(memoryWorld()))(request());
    expect(body).toMatchObject({
      format: 'usher-account',
      formatVersion: 1,
      table: [
        { item: 'account', basis: { sub_1: { revision: 0 } }, recentChanges: [[1, 2, 'evt_1']] },
        { item: 'degraded', entries: [{ session: { sessionId: 'session-1' } }] },
        { item: 'purchase#sub_1', note: '[not JSON' },
      ],
    });
    expect(JSON.stringify(body)).not.toContain('nonce');
  });
});

describe('a call of support’s', () => {
  const context = { getRemainingTimeInMillis: () => 10_000 } as unknown as Context;
  const event = (changes: Partial<APIGatewayProxyEvent> = {}): APIGatewayProxyEvent => ({
    ...apiEvent({ method: 'DELETE', resource: '/a/{accountId}', query: { reason: 'T-1' } }),
    pathParameters: { accountId: 'ada', sessionId: 's1' },
    requestContext: {
      identity: { userArn: 'arn:aws:iam::1:user/eve', caller: 'AIDA', sourceIp: '203.0.113.7' },
      requestId: 'r1',
    } as APIGatewayProxyEvent['requestContext'],
    ...changes,
  });
  const answering = (answer: () => Promise<{ status: number }>) =>
    support({ 'DELETE /a/{accountId}': answer });
  const auditOf = async (
    answer: () => Promise<{ status: number }>,
    changes?: Partial<APIGatewayProxyEvent>,
  ): Promise<{ readonly result: APIGatewayProxyResult; readonly lines: readonly unknown[] }> => {
    const log = capturedLog();
    const result = await answering(answer)(event(changes), context);
    return { result, lines: log.lines().filter(({ audit }) => audit === true) };
  };

  it('leaves a line', async () => {
    const { lines } = await auditOf(async () => ({ status: 204 }));
    expect(lines).toMatchObject([
      {
        message: 'support',
        who: { arn: 'arn:aws:iam::1:user/eve', caller: 'AIDA', address: '203.0.113.7' },
        route: 'DELETE /a/{accountId}',
        accountId: 'ada',
        what: { sessionId: 's1' },
        reason: 'T-1',
        result: { status: 204 },
        requestId: 'r1',
      },
    ]);
  });

  it.each<[number, () => Promise<never>]>([
    [503, () => Promise.reject(new Outage('away'))],
    [500, () => Promise.reject(new TypeError('a fault of ours'))],
  ])('leaves one when it ends in a %i, too', async (status, answer) => {
    const { lines, result } = await auditOf(answer);
    expect(result.statusCode).toBe(status);
    expect(lines).toMatchObject([{ accountId: 'ada', result: { status } }]);
  });

  it('tells no more of a body than what it is about, and nothing at length', async () => {
    const body = JSON.stringify({ productId: 'p'.repeat(500), token: 'eyJ', reason: { a: 1 } });
    const changes = { body, queryStringParameters: null, headers: { authorization: 'secret' } };
    const { lines } = await auditOf(async () => ({ status: 202 }), changes);
    expect(JSON.stringify(lines)).not.toMatch(/eyJ|secret|p{201}/);
    expect(lines).toMatchObject([{ what: { productId: '(no id)' } }]);
  });

  it.each([
    ['DELETE', 'of the query'],
    ['PUT', 'of the body'],
  ])('of %s tells the reason that was asked for: the one %s', async (httpMethod, reason) => {
    const { lines } = await auditOf(async () => ({ status: 202 }), {
      httpMethod,
      queryStringParameters: { reason: 'of the query' },
      body: '{"reason":"of the body"}',
    });
    expect(lines).toMatchObject([{ reason }]);
  });

  it('keeps nothing that stands where an id should: an address of e-mail, say', async () => {
    const body = JSON.stringify({ productId: 'premium\nforged', validUntil: '2026-12-31T00:00:00.000Z' });
    const pathParameters = { accountId: 'ada@example.com', promotionId: 'ada%40example.com' };
    const { lines } = await auditOf(async () => ({ status: 202 }), { pathParameters, body });
    expect(JSON.stringify(lines)).not.toMatch(/example|forged/);
    expect(lines).toMatchObject([
      { accountId: '(no id)', what: { validUntil: '2026-12-31T00:00:00.000Z' }, result: { status: 400 } },
    ]);
  });

  it('is refused when nobody says who it is, or for what is no account', async () => {
    const answer = () => expect.fail('was answered');
    const nobody = { requestContext: { identity: {} } as APIGatewayProxyEvent['requestContext'] };
    expect((await auditOf(answer, nobody)).result.statusCode).toBe(403);
    const nothing = { pathParameters: { accountId: 'heartbeat' } };
    expect((await auditOf(answer, nothing)).result.statusCode).toBe(400);
  });

  it('is refused for an account by another spelling, for which policies may say something else', async () => {
    const answer = () => expect.fail('was answered');
    expect((await auditOf(answer, { path: '/a/%61da' })).result.statusCode).toBe(400);
  });
});
