import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { acceptCheckout } from '../../functions/accept-checkout.ts';
import { Malformed, Unavailable, UnknownProduct } from '../../shared/errors.ts';
import { type HttpRequest } from '../../shared/lambda/http-messages.ts';
import { open } from '../../shared/lambda/http.ts';
import { Refused } from '../../shared/lambda/problems.ts';
import type { CheckoutQueue } from '../../shared/ports.ts';
import { invoke } from '../support/lambda-events.ts';
import { fakeSecrets } from '../support/secrets.ts';
import { memoryWorld } from '../support/world.ts';

const secretOf = (name: string) => `whsec_${Buffer.from(`the secret named ${name}`).toString('base64')}`;
const [old, current, foreign] = [secretOf('old'), secretOf('current'), secretOf('foreign')];
const event = {
  id: 'evt_1',
  occurredAt: '2026-11-22T10:00:00.000Z',
  accountId: 'ada',
  purchaseId: 'sub_1',
  productId: 'premium',
  status: 'active',
  validFrom: '2026-11-22T10:00:00.000Z',
  validUntil: null,
};
const genuine = JSON.stringify(event);

/** A delivery as the payment side makes it. */
function delivery(body: string, { secret = current, at = new Date() } = {}): HttpRequest {
  return {
    headers: {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign('msg_1', at, body),
    },
    query: {},
    path: {},
    body: Buffer.from(body),
  };
}

function world({ signing = current, queue }: { signing?: string; queue?: CheckoutQueue } = {}) {
  const memory = memoryWorld();
  const secrets = fakeSecrets({ signing });
  const { catalog, now, queued } = memory;
  return {
    accept: acceptCheckout({ secrets, queue: queue ?? memory.queue, catalog, now }),
    secrets,
    queued,
    catalog,
  };
}

async function refusalOf(accept: (request: HttpRequest) => Promise<unknown>, request: HttpRequest) {
  return accept(request).then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

describe('a checkout event', () => {
  it('that is signed is taken, with the catalogue that it was checked against', async () => {
    const { accept, queued, catalog } = world();
    expect(await accept(delivery(genuine))).toEqual({ status: 202, body: {} });
    const { catalogVersion } = catalog;
    expect(queued).toEqual([
      { kind: 'purchase', event: { revision: 0, notify: true, ...event }, catalogVersion },
    ]);
  });

  it('is passed on without the fields that nobody knows, whatever characters are in those', async () => {
    const { accept, queued } = world();
    for (const note of ['\ud83d\ude00', '\uffff', '\u0000', '\ud800']) {
      expect(await accept(delivery(JSON.stringify({ ...event, note })))).toMatchObject({ status: 202 });
    }
    expect(JSON.stringify(queued)).toMatch(/^[\x20-\x7e]+$/);
    expect(JSON.stringify(queued)).not.toContain('note');
  });

  it('that is repeated is taken again, since it has no further effect', async () => {
    const { accept } = world();
    await accept(delivery(genuine));
    expect(await accept(delivery(genuine))).toMatchObject({ status: 202 });
  });

  it('may be signed with either of two secrets while one replaces the other', async () => {
    const { accept, queued } = world({ signing: `${old} ${current}` });
    await accept(delivery(genuine, { secret: old }));
    await accept(delivery(genuine, { secret: current }));
    expect(queued).toHaveLength(2);
  });

  it('may bear several signatures, of which one is ours', async () => {
    const { accept, queued } = world();
    const { headers, ...rest } = delivery(genuine);
    const signatures = `v1a,other v1,${'A'.repeat(44)} ${headers['webhook-signature']}`;
    await accept({ ...rest, headers: { ...headers, 'webhook-signature': signatures } });
    expect(queued).toHaveLength(1);
  });

  it('is signed as bytes: a text beyond ASCII verifies', async () => {
    const { accept, queued } = world();
    await accept(delivery(JSON.stringify({ ...event, title: '灯台へ 🎬' })));
    expect(queued).toHaveLength(1);
  });

  it('signed with a secret that was put into force since is taken, after one look', async () => {
    const { accept, queued, secrets } = world({ signing: old });
    secrets.rotate({ signing: current });
    await accept(delivery(genuine));
    await accept(delivery(genuine));
    expect(queued).toHaveLength(2);
    expect(secrets.refreshes()).toBe(1);
  });

  it('is not said to be taken when the queue does not take it', async () => {
    const queue = {
      send: async () => {
        throw new Unavailable('SQS SendMessage: TimeoutError');
      },
    };
    const { accept } = world({ queue });
    await expect(accept(delivery(genuine))).rejects.toBeInstanceOf(Unavailable);
  });
});

describe('nothing is taken', () => {
  const { headers: signed } = delivery(genuine);
  const without = (name: string) => {
    const { [name]: _left, ...headers } = signed;
    return { ...delivery(genuine), headers };
  };
  const eightMinutes = 8 * 60_000;
  const longAgo = { at: new Date(Date.now() - eightMinutes) };
  const ahead = { at: new Date(Date.now() + eightMinutes) };
  const tampered = { ...delivery(genuine), body: Buffer.from(genuine.replace('ada', 'eve')) };
  const otherId = { ...delivery(genuine), headers: { ...signed, 'webhook-id': 'msg_2' } };
  const justNow = { ...signed, 'webhook-timestamp': String(Math.floor(Date.now() / 1000) + 1) };

  it.each<[string, HttpRequest, string]>([
    ['that is unsigned', { ...delivery(genuine), headers: {} }, 'bad-signature'],
    ['without a signature', without('webhook-signature'), 'bad-signature'],
    ['without a timestamp', without('webhook-timestamp'), 'bad-signature'],
    ['without an id', without('webhook-id'), 'bad-signature'],
    ['that somebody else signed', delivery(genuine, { secret: foreign }), 'bad-signature'],
    ['whose account was changed on the way', tampered, 'bad-signature'],
    ['whose id was changed on the way', otherId, 'bad-signature'],
    ['whose time was changed on the way', { ...delivery(genuine), headers: justNow }, 'bad-signature'],
    ['that was signed in the future', delivery(genuine, ahead), 'bad-signature'],
    ['that was signed more than five minutes ago', delivery(genuine, longAgo), 'stale-signature'],
    ['that is old and forged', delivery(genuine, { ...longAgo, secret: foreign }), 'stale-signature'],
    [
      'that is unsigned and not even JSON',
      { ...delivery(genuine), headers: {}, body: Buffer.from('{') },
      'bad-signature',
    ],
    [
      'that is unsigned and has no body',
      { headers: {}, query: {}, path: {}, body: Buffer.alloc(0) },
      'bad-signature',
    ],
  ])('%s', async (_, request, slug) => {
    const { accept, queued } = world();
    const refusal = await refusalOf(accept, request);
    expect(refusal).toBeInstanceOf(Refused);
    expect(refusal).toMatchObject({ status: 401, slug });
    expect(queued).toEqual([]);
  });

  it.each([
    ['empty', ''],
    ['no JSON', '{"id":'],
    ['null', 'null'],
    ['a list', `[${genuine}]`],
    ['without an account', JSON.stringify({ ...event, accountId: undefined })],
    ['of a status that does not exist', JSON.stringify({ ...event, status: 'gifted' })],
    ['ahead of the clock', JSON.stringify({ ...event, occurredAt: '2026-11-22T10:05:01.000Z' })],
  ])('that is signed but %s', async (_, body) => {
    const { accept, queued } = world();
    expect(await refusalOf(accept, delivery(body))).toBeInstanceOf(Malformed);
    expect(queued).toEqual([]);
  });

  it.each(['gold', 'free'])('that is signed but sells "%s", which nobody can buy', async (productId) => {
    const { accept, queued } = world();
    const refusal = await refusalOf(accept, delivery(JSON.stringify({ ...event, productId })));
    expect(refusal).toBeInstanceOf(UnknownProduct);
    expect(queued).toEqual([]);
  });

  it.each([
    ['with a secret that was withdrawn', current, old],
    ['when no secret is set', ' ', current],
    ['when what is set is no secret', 'whsec_ whsec_%%% plain', foreign],
  ])('%s', async (_, signing, secret) => {
    const { accept, queued } = world({ signing });
    expect(await refusalOf(accept, delivery(genuine, { secret }))).toMatchObject({ slug: 'bad-signature' });
    expect(queued).toEqual([]);
  });

  it('and no refusal quotes a secret, a signature or the body', async () => {
    const { accept } = world();
    const forged = delivery(genuine, { secret: foreign });
    const refusal = await refusalOf(accept, forged);
    for (const confidential of [current, foreign, forged.headers['webhook-signature'] ?? '', 'sub_1']) {
      expect(String(refusal)).not.toContain(confidential);
    }
  });
});

describe('POST /checkout-events behind API Gateway', () => {
  /** The same delivery as API Gateway hands it over. */
  async function post(body: string, passedOn: { body: string | null; isBase64Encoded?: boolean }) {
    const { accept, queued } = world();
    const headers = delivery(body).headers as Record<string, string>;
    const answer = await invoke(open(accept), { method: 'POST', headers, ...passedOn });
    return { status: answer.statusCode, type: (JSON.parse(answer.body) as { type?: string }).type, queued };
  }

  it('takes a body that comes as base64', async () => {
    const text = JSON.stringify({ ...event, title: '灯台へ' });
    const passedOn = { body: Buffer.from(text).toString('base64'), isBase64Encoded: true };
    const { status, queued } = await post(text, passedOn);
    expect(status).toBe(202);
    expect(queued).toMatchObject([{ event: { id: event.id } }]);
  });

  it.each([
    ['no body', '', null],
    ['an empty body', '', ''],
    ['half a document', '{"id":', '{"id":'],
  ])('answers 400 and not 500 to %s, although it is signed', async (_, text, body) => {
    expect(await post(text, { body })).toEqual({
      status: 400,
      type: 'urn:usher:problem:malformed',
      queued: [],
    });
  });

  it('answers 401 to a body that is not the one signed', async () => {
    expect(await post(genuine, { body: null })).toMatchObject({
      status: 401,
      type: 'urn:usher:problem:bad-signature',
      queued: [],
    });
  });
});
