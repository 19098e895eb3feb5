import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { handler } from '../../functions/accept-stripe-event.ts';
import { recomputeEntitlements } from '../../functions/recompute-entitlements.ts';
import { parseCheckoutMessage } from '../../shared/checkout-message.ts';
import { Malformed, Unavailable } from '../../shared/errors.ts';
import type { HttpRequest } from '../../shared/lambda/http-messages.ts';
import { Refused } from '../../shared/lambda/problems.ts';
import { acceptReports, type PaymentMode } from '../../shared/payments/accept-reports.ts';
import type { DeadLetters, PaymentMessage, PaymentProvider } from '../../shared/payments/payment-provider.ts';
import { stripe } from '../../shared/payments/stripe/provider.ts';
import type { CheckoutQueue } from '../../shared/ports.ts';
import { catalogOf, product } from '../support/catalogs.ts';
import { invoke, sqsRecord } from '../support/lambda-events.ts';
import { fakeSecrets } from '../support/secrets.ts';
import { itemList, NOW, stripeItem, stripeSubscription } from '../support/stripe.ts';
import { memoryWorld } from '../support/world.ts';

const [old, current, foreign] = ['whsec_the_old_one', 'whsec_the_current_one', 'whsec_of_somebody_else'];
const catalog = catalogOf([product({ stripePrices: ['price_premium'], grants: ['movies'] })]);
const event = stripeSubscription().created(NOW);
const genuine = JSON.stringify(event);
/** Premium, and something that the catalogue does not know. */
const half = stripeSubscription({
  items: itemList(stripeItem(), stripeItem({ id: 'si_2', price: 'price_family' })),
}).created(NOW);

/** A delivery as Stripe makes it, by Stripe's own library. */
function delivery(body: string, { secret = current, at = NOW + 3600 } = {}): HttpRequest {
  const signature = Stripe.webhooks.generateTestHeaderString({ payload: body, secret, timestamp: at });
  return { headers: { 'stripe-signature': signature }, query: {}, path: {}, body: Buffer.from(body) };
}

interface Changes {
  readonly provider?: PaymentProvider;
  readonly signing?: string;
  readonly mode?: PaymentMode;
  readonly queue?: CheckoutQueue;
  readonly deadLetters?: DeadLetters;
}

function world({ provider = stripe, signing = current, mode = 'test', queue, deadLetters }: Changes = {}) {
  const memory = memoryWorld({ catalog });
  const secrets = fakeSecrets({ signing });
  const letters: { message: PaymentMessage; reason: string }[] = [];
  const warnings: string[] = [];
  const accept = acceptReports({
    provider,
    secrets,
    queue: queue ?? memory.queue,
    deadLetters: deadLetters ?? {
      put: async (message, reason) => void letters.push({ message, reason }),
    },
    catalog,
    mode,
    now: memory.now,
    warn: (message) => warnings.push(message),
  });
  return { ...memory, accept, secrets, letters, warnings };
}

const refusalOf = (answer: Promise<unknown>) =>
  answer.then(
    () => undefined,
    (reason: unknown) => reason,
  );

describe('a report of Stripe', () => {
  it('is taken into the queue as the checkout event that it is, with the catalogue that it was mapped by', async () => {
    const { accept, queued, letters } = world();
    expect(await accept(delivery(genuine))).toEqual({ status: 202, body: {} });
    const { catalogVersion } = catalog;
    expect(queued).toMatchObject([
      {
        kind: 'purchase',
        event: { id: event.id, accountId: 'ada', purchaseId: 'si_1', productId: 'premium', status: 'active' },
        catalogVersion,
      },
    ]);
    expect(letters).toEqual([]);
  });

  it('may be signed with either of two secrets while one replaces the other', async () => {
    const { accept, queued } = world({ signing: `${old} ${current}` });
    await accept(delivery(genuine, { secret: old }));
    await accept(delivery(genuine, { secret: current }));
    expect(queued).toHaveLength(2);
  });

  it('signed with a secret that was put into force since is taken, after one look', async () => {
    const { accept, queued, secrets } = world({ signing: old });
    secrets.rotate({ signing: current });
    await accept(delivery(genuine));
    await accept(delivery(genuine));
    expect([queued.length, secrets.refreshes()]).toEqual([2, 1]);
  });

  it('is signed as bytes: a text beyond ASCII verifies', async () => {
    const { accept, queued } = world();
    await accept(delivery(JSON.stringify({ ...event, note: '灯台へ 🎬' })));
    expect(queued).toHaveLength(1);
  });

  it('that concerns nothing of ours is answered 200, so that Stripe does not send it again', async () => {
    const { accept, queued, letters } = world();
    const other = JSON.stringify({ ...event, type: 'invoice.paid' });
    expect(await accept(delivery(other))).toEqual({ status: 200, body: {} });
    expect([queued, letters]).toEqual([[], []]);
  });

  it('of the other mode is passed over, and said to be', async () => {
    const live = world({ mode: 'live' });
    expect(await live.accept(delivery(genuine))).toEqual({ status: 200, body: {} });
    const test = world();
    expect(await test.accept(delivery(JSON.stringify({ ...event, livemode: true })))).toMatchObject({
      status: 200,
    });
    for (const { queued, letters, warnings } of [live, test]) {
      expect([queued, letters, warnings.length]).toEqual([[], [], 1]);
    }
    const real = world({ mode: 'live' });
    await real.accept(delivery(JSON.stringify({ ...event, livemode: true })));
    expect(real.queued).toHaveLength(1);
  });

  it('that can be mapped in part is taken as far as that goes, and put aside with the reason', async () => {
    const { accept, queued, letters } = world();
    expect(await accept(delivery(JSON.stringify(half)))).toEqual({ status: 202, body: {} });
    expect(queued).toMatchObject([{ event: { purchaseId: 'si_1' } }]);
    const reason = "si_2: no product of the catalogue has 'price_family' among its stripePrices";
    expect(letters).toMatchObject([{ message: { kind: 'payment', provider: 'stripe' }, reason }]);
  });

  it('from the future would win over all that follow: it is put aside, and not taken', async () => {
    const { accept, queued, letters } = world();
    const ahead = stripeSubscription().created(NOW + 3600 + 301);
    expect(await accept(delivery(JSON.stringify(ahead)))).toMatchObject({ status: 202 });
    expect(queued).toEqual([]);
    expect(letters).toMatchObject([{ reason: 'occurredAt is more than 5 minutes ahead' }]);
  });

  it.each([
    ['the queue', { queue: { send: async () => Promise.reject(new Unavailable('SQS')) } }, genuine],
    [
      'the dead letters',
      { deadLetters: { put: async () => Promise.reject(new Unavailable('SQS')) } },
      JSON.stringify(half),
    ],
  ])('is not said to be taken when %s cannot be reached: Stripe comes again', async (_, broken, body) => {
    const { accept } = world(broken);
    expect(await refusalOf(accept(delivery(body)))).toBeInstanceOf(Unavailable);
  });
});

describe('nothing is taken', () => {
  const { headers, ...unsigned } = delivery(genuine);
  const signed = headers['stripe-signature']!;
  const tenMinutesAgo = { at: NOW + 3600 - 600 };

  it.each<[string, HttpRequest, string]>([
    ['that is unsigned', { ...unsigned, headers: {} }, 'bad-signature'],
    ['that somebody else signed', delivery(genuine, { secret: foreign }), 'bad-signature'],
    [
      'whose account was changed',
      { ...unsigned, headers, body: Buffer.from(genuine.replace('ada', 'eve')) },
      'bad-signature',
    ],
    [
      'whose time was changed',
      { ...unsigned, headers: { 'stripe-signature': signed.replace(/t=\d+/, `t=${NOW + 3599}`) } },
      'bad-signature',
    ],
    [
      'with a signature of an older scheme',
      { ...unsigned, headers: { 'stripe-signature': signed.replace('v1=', 'v0=') } },
      'bad-signature',
    ],
    [
      'with a signature that is none',
      { ...unsigned, headers: { 'stripe-signature': 'v1' } },
      'bad-signature',
    ],
    ['that has no body', { ...unsigned, headers, body: Buffer.alloc(0) }, 'bad-signature'],
    ['that was signed ten minutes ago', delivery(genuine, tenMinutesAgo), 'stale-signature'],
    ['that is old and forged', delivery(genuine, { ...tenMinutesAgo, secret: foreign }), 'bad-signature'],
  ])('%s', async (_, request, slug) => {
    const { accept, queued, letters } = world();
    const refusal = await refusalOf(accept(request));
    expect(refusal).toBeInstanceOf(Refused);
    expect(refusal).toMatchObject({ status: 401, slug });
    for (const confidential of [current, signed, 'si_1']) expect(String(refusal)).not.toContain(confidential);
    expect([queued, letters]).toEqual([[], []]);
  });

  it('when there is no secret, even if it is signed with nothing', async () => {
    const { accept } = world({ signing: ' ' });
    expect(await refusalOf(accept(delivery(genuine)))).toMatchObject({ slug: 'bad-signature' });
  });

  it('when there is no secret, by a provider that would take an empty one', async () => {
    const { accept } = world({ signing: ' ', provider: { ...stripe, verify: () => 'genuine' } });
    expect(await refusalOf(accept(delivery(genuine)))).toMatchObject({ slug: 'bad-signature' });
  });

  it('that is signed and no JSON', async () => {
    const { accept } = world();
    expect(await refusalOf(accept(delivery('{"id":')))).toBeInstanceOf(Malformed);
  });
});

describe('a report that was put aside', () => {
  const family = product({ productId: 'family', stripePrices: ['price_family'] });
  const deployed = { ...catalog, products: [...catalog.products, family] };

  /** Sends the letter of this event back to the checkout queue, with this catalogue in force. */
  async function redriven(putAside: object, inForce: typeof catalog, unreachable?: string) {
    const { accept, letters } = world();
    await accept(delivery(JSON.stringify(putAside)));
    const recomputed: string[] = [];
    const consume = recomputeEntitlements({
      parse: (body) => parseCheckoutMessage(body, inForce),
      recompute: async (accountId, purchases) => {
        if (accountId === unreachable) throw new Unavailable('the table');
        recomputed.push(`${accountId}: ${purchases.map(({ purchaseId }) => purchaseId).join()}`);
      },
    });
    const record = sqsRecord('m1', JSON.stringify(letters[0]!.message));
    return { outcome: (await consume([record])).get(record), recomputed };
  }

  it('takes effect when it is sent back and the catalogue has the price by then', async () => {
    const { outcome, recomputed } = await redriven(half, deployed);
    expect(outcome).toEqual({ done: true });
    expect(recomputed).toEqual(['ada: si_1,si_2']);
  });

  it('comes back with its reason otherwise', async () => {
    const { outcome, recomputed } = await redriven(half, catalog);
    expect(outcome).toMatchObject({ done: false, error: expect.any(Malformed) });
    expect(recomputed).toEqual([]);
  });

  it('is not done with before it has taken effect for both accounts, where it is about two', async () => {
    const items = itemList(stripeItem({ price: 'price_family' }));
    const moved = stripeSubscription({ items }).updated(NOW, { metadata: { usher_account_id: 'bob' } });
    expect(await redriven(moved, deployed)).toEqual({
      outcome: { done: true },
      recomputed: ['bob: si_1', 'ada: si_1'],
    });
    for (const unreachable of ['ada', 'bob']) {
      const { outcome } = await redriven(moved, deployed, unreachable);
      expect(outcome).toMatchObject({ done: false, error: expect.any(Unavailable) });
    }
  });

  it('of a provider that nobody knows is malformed', () => {
    for (const provider of ['paypal', 'constructor']) {
      const body = JSON.stringify({ kind: 'payment', provider, report: {}, catalogVersion: '2026-11-22.1' });
      expect(() => parseCheckoutMessage(body, catalog)).toThrow(Malformed);
    }
  });
});

describe('POST /webhooks/stripe behind API Gateway', () => {
  it('reads 256 KB and no more, signed or not', async () => {
    const post = (bytes: number) =>
      invoke(handler as never, { method: 'POST', resource: '/webhooks/stripe', body: 'x'.repeat(bytes) });
    expect((await post(256 * 1024 + 1)).statusCode).toBe(413);
    // Read, and then there is no secret to verify it with: Parameter Store does not answer here.
    expect((await post(256 * 1024)).statusCode).toBe(503);
  });
});
