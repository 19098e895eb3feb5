import type { SQSRecord } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { recomputeEntitlements } from '../../functions/recompute-entitlements.ts';
import { parseCheckoutMessage } from '../../shared/checkout-message.ts';
import { recompute } from '../../shared/entitlements/recompute.ts';
import { Malformed, Unavailable, UnknownProduct } from '../../shared/errors.ts';
import type { AccountStore } from '../../shared/ports.ts';
import { sqsRecord } from '../support/lambda-events.ts';
import { memoryWorld } from '../support/world.ts';

interface Bought {
  readonly accountId?: string;
  readonly purchaseId?: string;
  readonly productId?: string;
  readonly status?: string;
  readonly id?: string;
  readonly occurredAt?: string;
}

let messages = 0;

/** A message that somebody bought something. */
function bought(changes: Bought = {}): SQSRecord {
  messages += 1;
  const event = {
    id: `evt_${messages}`,
    occurredAt: '2026-11-22T10:00:00.000Z',
    accountId: 'ada',
    purchaseId: 'sub_1',
    productId: 'premium',
    status: 'active',
    validFrom: '2026-11-22T10:00:00.000Z',
    validUntil: '2026-12-22T10:00:00.000Z',
    ...changes,
  };
  const message = { kind: 'purchase', event, catalogVersion: '2026-11-22.1' };
  return sqsRecord(`m${messages}`, JSON.stringify(message));
}

function world({
  fail = () => undefined,
  ...overrides
}: Partial<AccountStore> & { fail?: (accountId: string) => Error | undefined } = {}) {
  const memory = memoryWorld();
  const recomputed: string[] = [];
  const work = recomputeEntitlements({
    parse: (body) => parseCheckoutMessage(body, memory.catalog),
    recompute: async (accountId, reported) => {
      recomputed.push(accountId);
      const failure = fail(accountId);
      if (failure) throw failure;
      await recompute({ ...memory, accounts: { ...memory.accounts, ...overrides } }, accountId, reported);
    },
  });
  return { ...memory, work, recomputed };
}

/** What became of the records, in their order: 'done', or the name of the error. */
async function outcomes(work: ReturnType<typeof world>['work'], records: readonly SQSRecord[]) {
  const all = await work(records);
  return records.map((record) => {
    const outcome = all.get(record);
    if (!outcome) return 'passed over';
    return outcome.done ? 'done' : (outcome.error as Error).name;
  });
}

describe('a batch of checkout messages', () => {
  it('takes effect: stored, cached and announced', async () => {
    const { work, stored, cached, published } = world();
    expect(await outcomes(work, [bought()])).toEqual(['done']);
    expect(stored.get('ada')).toMatchObject({ version: 1, access: { maxStreams: 4 } });
    expect(cached.get('ada')).toEqual(stored.get('ada'));
    expect(published).toMatchObject([{ type: 'entitlement.created', subject: 'ada', version: 1 }]);
  });

  it('recomputes an account once, however many of its messages it holds', async () => {
    const { work, recomputed, stored } = world();
    const records = [
      bought({ purchaseId: 'sub_1' }),
      bought({ accountId: 'bob' }),
      bought({ purchaseId: 'sub_2', productId: 'sports' }),
      sqsRecord('again', '{"kind":"recompute","accountId":"ada"}'),
    ];
    expect(await outcomes(work, records)).toEqual(['done', 'done', 'done', 'done']);
    expect(recomputed.toSorted()).toEqual(['ada', 'bob']);
    expect(stored.get('ada')?.access.maxStreams).toBe(5);
  });

  it('recomputes although a purchase was superseded, since something may lie in the outbox', async () => {
    const { work, recomputed } = world();
    const later = bought({ status: 'refunded', occurredAt: '2026-11-22T10:00:01.000Z' });
    await work([later]);
    expect(await outcomes(work, [bought()])).toEqual(['done']);
    expect(recomputed).toEqual(['ada', 'ada']);
  });

  it('ends the same in any order of its messages', async () => {
    const records = [
      bought({ occurredAt: '2026-11-22T10:00:00.000Z' }),
      bought({ occurredAt: '2026-11-22T10:00:02.000Z', status: 'refunded' }),
      bought({ occurredAt: '2026-11-22T10:00:01.000Z', status: 'paused' }),
    ];
    for (const order of [records, records.toReversed()]) {
      const { work, stored } = world();
      await work(order);
      expect(stored.get('ada')?.entitlements.map(({ entitlementId }) => entitlementId)).toEqual([
        'free:free',
      ]);
    }
  });

  it('is nothing when it is empty', async () => {
    const { work, recomputed } = world();
    expect((await work([])).size).toBe(0);
    expect(recomputed).toEqual([]);
  });
});

describe('a message that fails', () => {
  it('because it is bad leaves its neighbours alone, those of the same account included', async () => {
    const { work, stored } = world();
    const records = [
      sqsRecord('no JSON', '{"kind":'),
      bought(),
      bought({ status: 'gifted' }),
      bought({ accountId: 'bob' }),
      bought({ productId: 'gold' }),
    ];
    expect(await outcomes(work, records)).toEqual([
      Malformed.name,
      'done',
      Malformed.name,
      'done',
      UnknownProduct.name,
    ]);
    expect([...stored.keys()].toSorted()).toEqual(['ada', 'bob']);
  });

  it('because its account cannot be recomputed leaves other accounts alone', async () => {
    const { work, published } = world({
      fail: (accountId) => (accountId === 'ada' ? new Unavailable('Momento publish') : undefined),
    });
    const records = [bought(), bought({ accountId: 'bob' }), bought({ purchaseId: 'sub_2' })];
    expect(await outcomes(work, records)).toEqual(['Unavailable', 'done', 'Unavailable']);
    expect(published.map(({ subject }) => subject)).toEqual(['bob']);
  });

  it('because the table does not answer is not announced as if it had been stored', async () => {
    const { work, stored, published } = world({
      commit: async () => {
        throw new Unavailable('DynamoDB UpdateItem: TimeoutError');
      },
    });
    expect(await outcomes(work, [bought()])).toEqual(['Unavailable']);
    expect([...stored.keys(), ...published]).toEqual([]);
  });

  it('because its purchase gets no item of its own is not done, and the account holds it until then', async () => {
    const { work, inboxes, purchases } = world({
      putPurchase: async () => {
        throw new Unavailable('DynamoDB PutItem: TimeoutError');
      },
    });
    expect(await outcomes(work, [bought()])).toEqual(['Unavailable']);
    expect([...inboxes.get('ada')!.values()]).toMatchObject([{ purchaseId: 'sub_1' }]);
    expect(purchases.get('ada')).toBeUndefined();
  });

  it('because of a bug says so, and does not pass for an outage', async () => {
    const { work } = world({ fail: () => new TypeError('x is not a function') });
    expect(await outcomes(work, [bought()])).toEqual(['TypeError']);
  });
});
