import { randomUUID } from 'node:crypto';
import assert from 'node:assert/strict';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import Stripe from 'stripe';
import { signedFetch } from '../../../tools/signed-request.ts';
import { firstBucketAt } from '../../../shared/domain/boundaries.ts';
import type { Entitlement } from '../../../shared/domain/entitlements.ts';
import { checkoutSession, refund, stripeEvent, type StripeEvent } from '../../support/stripe.ts';
import {
  admitted,
  beat,
  beatByUrl,
  concurrencyOf,
  end,
  logged,
  newSubscriber,
  queueEmpty,
  start,
  until,
} from '../session-support.ts';
import { buy, call, checkoutEvent, newViewer, snapshotOf, sqsOf, tokensOf, topicClient } from '../support.ts';
import type { Life } from './life.ts';
import { withTable } from './tables.ts';

/** Something that the product does, with viewers of its own. */
export interface Step {
  readonly name: string;
  readonly live: (life: Life) => Promise<void>;
}

/*
 * Everything that the product does, so that every statement of every role is needed by a step or two. A new permission
 * needs a step that needs it: in test/e2e/whole-life.test.ts it is missed by name.
 */
export const STEPS: readonly Step[] = [
  {
    name: 'the stack has made its cache',
    live: async ({ stage }) => {
      await until(async () => logged(stage, 'provided').length > 0);
    },
  },
  {
    name: 'anyone reads the catalogue, the public keys and where everything is',
    live: async ({ stage }) => {
      for (const path of ['/catalog', '/.well-known/jwks.json'])
        assert.equal((await call(stage, path)).status, 200);
      assert.equal((await fetch(`${stage.playerUrl}/config.json`)).status, 200);
      assert.equal((await call(stage, '/token')).status, 401);
    },
  },
  {
    name: 'a viewer gets tokens, buys, and hears of it',
    live: async ({ stage, ...life }) => {
      const viewer = await newViewer(stage);
      assert.equal((await call(stage, '/token', { viewer })).status, 200);
      const player = await life.hears(viewer);
      const event = checkoutEvent(viewer.accountId);
      for (const time of ['once', 'and again']) assert.ok(time && (await buy(stage, event)) === undefined);
      await player.until(({ type }) => type === 'entitlement.created');
      for (const fault of ['unsigned', 'forged', 'stale']) {
        const headers = { 'x-store-fault': fault };
        const body = JSON.stringify(event);
        const refused = await fetch(`${stage.config.storeUrl}/events`, { method: 'POST', body, headers });
        assert.equal(refused.status, 401);
      }
      const { version } = await snapshotOf(stage, viewer, '?atLeast=1');
      const { headers } = await call(stage, '/entitlements', { viewer });
      const known = { 'if-none-match': headers.get('etag') ?? '' };
      assert.equal((await call(stage, '/entitlements', { viewer, headers: known })).status, 304);
      assert.equal(version, 1);
    },
  },
  {
    name: 'a viewer has her purchases counted afresh, and not twice at once',
    live: async ({ stage }) => {
      const viewer = await newViewer(stage);
      const ask = () => call(stage, '/entitlements/recompute', { viewer, method: 'POST' });
      assert.deepEqual([(await ask()).status, (await ask()).status], [202, 429]);
    },
  },
  {
    name: 'whatever is asked after the cache and the account’s row were lost is answered, and asks for both again',
    live: async ({ stage }) => {
      const viewer = await newViewer(stage);
      const watched = { contentId: 'city-lights-tour' };
      await call(stage, '/entitlements', { viewer });
      const lose = async () => {
        await queueEmpty(stage); // what the last one has asked for is there
        const TableName = stage.outputs['TableName'];
        await withTable(stage, (table) =>
          table.send(new DeleteCommand({ TableName, Key: { pk: viewer.accountId, sk: 'account' } })),
        );
        stage.momento.flushCache(stage.outputs['MomentoCacheName']!);
      };
      const answered = async (response: Response) => assert.equal(response.status, 200);
      await lose();
      await answered(await call(stage, '/entitlements', { viewer }));
      await lose();
      await answered(await call(stage, '/token', { viewer }));
      await lose();
      await concurrencyOf(stage, viewer);
      await lose();
      const lease = await admitted(stage, viewer, watched);
      await lose();
      const renewed = await beat(stage, viewer, { sessionToken: lease.sessionToken });
      assert.equal(renewed.status, 200);
      await lose();
      const again = await beatByUrl(lease.heartbeatUrl!, { sessionToken: renewed.body.sessionToken });
      assert.equal(again.status, 200);
    },
  },
  {
    name: 'four play, a fifth is refused, takes a place over, and all end in every way there is',
    live: async ({ stage, ...life }) => {
      const viewer = await newSubscriber(stage);
      const player = await life.hears(viewer);
      const leases = [];
      for (const deviceId of ['one', 'two', 'three', 'four'])
        leases.push(await admitted(stage, viewer, { deviceId }));
      assert.equal((await start(stage, viewer, { deviceId: 'five' })).status, 409);
      const [first, second, third, fourth] = leases.map(({ sessionId, sessionToken, heartbeatUrl }) => ({
        sessionId,
        sessionToken,
        url: heartbeatUrl!,
      }));
      const fifth = await admitted(stage, viewer, { deviceId: 'five', terminate: first!.sessionId });
      await player.until(({ type }) => (type as string) === 'session.terminated');
      const statuses = [
        (await beat(stage, viewer, { sessionToken: first!.sessionToken })).status,
        (await beat(stage, viewer, { sessionToken: second!.sessionToken })).status,
        (await beat(stage, viewer, { sessionToken: second!.sessionToken, end: true })).status,
        (await beatByUrl(third!.url, { sessionToken: third!.sessionToken, end: true })).status,
        (await end(stage, viewer, fourth!.sessionId)).status,
        (await end(stage, viewer, fourth!.sessionId)).status,
      ];
      assert.deepEqual(statuses, [410, 200, 204, 204, 204, 410]);
      const { sessions } = await concurrencyOf(stage, viewer);
      assert.deepEqual(
        sessions.map(({ sessionId }) => sessionId),
        [fifth.sessionId],
      );
    },
  },
  {
    name: 'devices count by the route and by the topic',
    live: async ({ stage }) => {
      const viewer = await newViewer(stage);
      const heartbeat = { deviceId: 'tablet', mediaId: 'city-lights-tour' };
      assert.equal((await beat(stage, viewer, heartbeat)).status, 202);
      await until(async () =>
        stage.momento.calls.some(({ rpc, key }) => rpc === 'Subscribe' && key === 'heartbeat'),
      );
      const tokens = await tokensOf(stage, viewer);
      const counted = stage.momento.countCalls('DictionaryIncrement');
      const topics = topicClient(tokens);
      const published = await topics.publish(tokens.cacheName, 'heartbeat', JSON.stringify(heartbeat));
      assert.equal(published.type, 'Success');
      await until(async () => stage.momento.countCalls('DictionaryIncrement') > counted);
    },
  },
  {
    name: 'who watches what was refunded is told to stop',
    live: async ({ stage, ...life }) => {
      const viewer = await newSubscriber(stage);
      const player = await life.hears(viewer);
      await admitted(stage, viewer);
      const status = 'refunded';
      await buy(stage, checkoutEvent(viewer.accountId, { purchaseId: 'premium', status }));
      await player.until(({ type }) => (type as string) === 'session.terminated');
    },
  },
  {
    name: 'what ends by time alone is announced at that moment, by the recompute and by the run that looks for it',
    live: async ({ stage, ...life }) => {
      const viewer = await newViewer(stage);
      const player = await life.hears(viewer);
      const held = (wanted: boolean) =>
        player.until(({ data }) => (data as Partial<Entitlement>).held === wanted);
      const validUntil = new Date(Date.now() + 4000).toISOString();
      const rental = { purchaseId: 'rental', productId: 'nightfall-48h', validUntil };
      await buy(stage, checkoutEvent(viewer.accountId, rental));
      await held(true);
      // As if the run had stopped before the account's moment came near.
      const begun = firstBucketAt(Date.now());
      const Item = { pk: '#boundaries', sk: 'progress', ahead: begun, behind: begun };
      const TableName = stage.outputs['TableName'];
      await withTable(stage, (table) => table.send(new PutCommand({ TableName, Item })));
      await stage.invoke('usher-local-announce-boundaries', {});
      await life.keepQueue('checkout');
      await held(false);
    },
  },
  {
    name: 'what is wrong in itself is put aside, with the reason',
    live: async ({ stage, ...life }) => {
      const sqs = sqsOf(stage);
      const QueueUrl = stage.outputs['CheckoutQueueUrl'];
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{"kind":"gift"}' }));
      sqs.destroy();
      await until(async () => (await life.keepQueue('checkout-dead-letters')).includes('Malformed: kind'));
    },
  },
  {
    name: 'Stripe reports a rental, its refund, and what no product is sold for',
    live: async ({ stage, ...life }) => {
      const viewer = await newViewer(stage);
      const player = await life.hears(viewer);
      const nowSeconds = Math.floor(Date.now() / 1000);
      const report = async (event: StripeEvent, secret = stage.ssm.get('/usher/local/stripe-secrets')!) => {
        const payload = JSON.stringify(event);
        const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret });
        const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
        return (await call(stage, '/webhooks/stripe', { method: 'POST', body: payload, headers })).status;
      };
      const paid = (price: string) => {
        const metadata = { usher_account_id: viewer.accountId, usher_price_id: price };
        const session = checkoutSession({ payment_intent: `pi_${price}`, metadata });
        return { metadata, event: stripeEvent('checkout.session.completed', nowSeconds - 10, session) };
      };
      const { event, metadata } = paid('price_demo_nightfall_48h');
      assert.equal(await report(event, `whsec_${randomUUID()}`), 401);
      assert.equal(await report(event), 202);
      await player.until(({ type }) => type === 'entitlement.created');
      const intent = 'pi_price_demo_nightfall_48h';
      assert.equal(await report(refund(nowSeconds, metadata, { intent })), 202);
      await player.until(({ version }) => version === 2);
      assert.equal(await report(paid('price_of_something_new').event), 202);
      const unknown = 'price_of_something_new';
      await until(async () => (await life.keepQueue('checkout-dead-letters')).includes(unknown));
    },
  },
  {
    name: 'while Momento is away viewers start, play on and buy, and when it is back they hear of it',
    live: async ({ stage, ...life }) => {
      const viewer = await newSubscriber(stage);
      const player = await life.hears(viewer);
      const { sessionToken, heartbeatUrl } = await admitted(stage, viewer);
      stage.momento.block();
      const degraded = await start(stage, viewer, { deviceId: 'meanwhile' });
      assert.deepEqual([degraded.status, degraded.body.degraded], [201, true]);
      assert.equal((await beat(stage, viewer, { sessionToken })).body.degraded, true);
      assert.equal((await beatByUrl(heartbeatUrl!, { sessionToken })).body.degraded, true);
      await buy(stage, checkoutEvent(viewer.accountId, { purchaseId: 'meanwhile', productId: 'sports' }));
      await until(async () => logged(stage, 'waits').length > 0);
      await life.keepQueue('checkout');
      stage.momento.unblock();
      await player.until(({ data }) => (data as Partial<Entitlement>).entitlementId === 'meanwhile');
    },
  },
  // The last one: what it leaves in the queue for a minute and a half would be waited for.
  {
    name: 'support looks an account up, gives and takes back, ends a session, exports and erases',
    live: async ({ stage, ...life }) => {
      const viewer = await newSubscriber(stage);
      const player = await life.hears(viewer);
      const { sessionId } = await admitted(stage, viewer);
      const { apiUrl, region } = stage.config;
      const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
      const ask = (method: 'GET' | 'PUT' | 'DELETE', path: string, body?: object) => {
        const url = new URL(`${apiUrl}/support/accounts/${viewer.accountId}${path}`);
        return signedFetch({ region, credentials }, { method, url, body });
      };
      for (const path of ['', '/export']) assert.equal((await ask('GET', path)).status, 200);
      const gift = { productId: 'sports', validUntil: '2030-01-01T00:00:00Z', reason: 'life' };
      assert.equal((await ask('PUT', '/promotions/gift', gift)).status, 202);
      await player.until(({ type, version }) => type === 'entitlement.created' && version > 1);
      assert.equal((await ask('DELETE', '/promotions/gift?reason=life')).status, 202);
      assert.equal((await ask('DELETE', `/sessions/${sessionId}?reason=life`)).status, 204);
      assert.equal((await ask('DELETE', '?reason=life')).status, 202);
      await player.until(({ type }) => type === 'entitlements.replaced');
      await until(async () => (await (await ask('GET', '')).text()).includes('"purchases":[]'));
    },
  },
];
