import { readFileSync } from 'node:fs';
import {
  checkoutSession,
  itemList,
  refund,
  stripeEvent,
  stripeItem,
  stripeSubscription,
} from '../../support/stripe.ts';
import type { Door } from './asks.ts';
import type { BadWorld } from './bad-world.ts';
import type { Json } from './json-edits.ts';

const api = ({ stack }: BadWorld) => stack.config.apiUrl;

type Fields = Readonly<Record<string, Json>>;

const HOUR = 3600;

/** Older than any: a message of a newer catalogue waits for the function that knows it. */
const CATALOG_VERSION = '2020-01-01.1';

/** What the viewer has bought, as it was reported; anything said of the hour before has no effect any more. */
export function checkoutReport({ viewer, boughtAt }: BadWorld, atSeconds = boughtAt - HOUR): Fields {
  return {
    id: 'evt_bad',
    occurredAt: new Date(atSeconds * 1000).toISOString(),
    revision: 1,
    accountId: viewer.accountId,
    purchaseId: 'premium',
    productId: 'premium',
    status: 'active',
    validFrom: '2026-11-01T00:00:00.000Z',
    validUntil: null,
    notify: true,
  };
}

/** The same of what was bought by Stripe: a subscription that changes, a rental, and the money for it given back. */
export function stripeReports(
  { viewer, boughtAt }: BadWorld,
  atSeconds = boughtAt - HOUR,
): readonly Fields[] {
  const owner = { usher_account_id: viewer.accountId };
  const item = stripeItem({ id: 'si_bad', price: 'price_demo_sports_month', created: boughtAt - 2 * HOUR });
  const subscription = stripeSubscription({ metadata: owner, items: itemList(item), status: 'trialing' });
  const rental = { ...owner, usher_price_id: 'price_demo_nightfall_48h', usher_purchase_id: 'pi_bad' };
  const session = checkoutSession({ id: 'pi_bad', payment_intent: 'pi_bad', metadata: rental });
  return [
    subscription.updated(atSeconds, {
      status: 'active',
      items: itemList(item),
      metadata: owner,
      canceled_at: null,
    }),
    stripeEvent('checkout.session.completed', atSeconds, session),
    refund(atSeconds, rental, { intent: 'pi_bad' }),
  ] as unknown as readonly Fields[];
}

const one =
  (index: number) =>
  (world: BadWorld): Fields =>
    stripeReports(world)[index]!;

/** A route of which only the outside is broken: its path, method, query and headers. */
function plain(route: string, seal: Door['seal'], harmless: readonly number[] = []): Door {
  const [method = '', path = ''] = route.split(' ');
  const named = (world: BadWorld) =>
    path.replaceAll(/\{\w+\}/g, (part) => IN_PATHS[part]?.(world) ?? 'something');
  return { origin: api, method, path: named, seal, harmless };
}

/** What a valid request of each of the API's routes looks like. A route with several kinds of bodies has a door for each. */
export const ROUTES: Readonly<Record<string, readonly Door[]>> = {
  'GET /catalog': [plain('GET /catalog', 'none', [200])],
  'GET /.well-known/jwks.json': [plain('GET /.well-known/jwks.json', 'none', [200])],
  'GET /token': [plain('GET /token', 'viewer', [200])],
  'GET /entitlements': [plain('GET /entitlements', 'viewer', [200, 304])],
  'GET /concurrency': [plain('GET /concurrency', 'viewer', [200])],
  'POST /entitlements/recompute': [
    { ...plain('POST /entitlements/recompute', 'viewer', [202]), body: () => ({}) },
  ],
  'POST /checkout-events': [{ ...plain('POST /checkout-events', 'checkout', [202]), body: checkoutReport }],
  'POST /webhooks/stripe': [0, 1, 2].map((index) => ({
    ...plain('POST /webhooks/stripe', 'stripe', [200, 202]),
    body: one(index),
  })),
  'POST /sessions': [
    {
      ...plain('POST /sessions', 'viewer'),
      // All the screens are in use, and another's session is not the viewer's to end.
      body: ({ victimLease: { sessionId } }) => ({
        deviceId: 'bad',
        playerId: 'bad',
        contentId: 'harbour',
        deviceType: 'tv',
        terminate: sessionId,
      }),
    },
  ],
  'DELETE /sessions/{sessionId}': [plain('DELETE /sessions/{sessionId}', 'viewer')],
  // Support may do all of it, so what it asks for here is nothing that there is.
  'GET /support/accounts/{accountId}': [plain('GET /support/accounts/{accountId}', 'support', [200])],
  'GET /support/accounts/{accountId}/export': [
    plain('GET /support/accounts/{accountId}/export', 'support', [200]),
  ],
  'DELETE /support/accounts/{accountId}': [plain('DELETE /support/accounts/nobody?reason=bad', 'support')],
  'DELETE /support/accounts/{accountId}/sessions/{sessionId}': [
    plain('DELETE /support/accounts/nobody/sessions/{sessionId}?reason=bad', 'support'),
  ],
  'PUT /support/accounts/{accountId}/promotions/{promotionId}': [
    {
      ...plain('PUT /support/accounts/{accountId}/promotions/{promotionId}', 'support'),
      body: () => ({
        productId: 'not-sold',
        validFrom: '2026-11-01T00:00:00.000Z',
        validUntil: '2099-01-01T00:00:00.000Z',
        reason: 'bad',
      }),
    },
  ],
  'DELETE /support/accounts/{accountId}/promotions/{promotionId}': [
    plain('DELETE /support/accounts/{accountId}/promotions/{promotionId}?reason=bad', 'support'),
  ],
  'POST /heartbeats': [
    { ...plain('POST /heartbeats', 'viewer', [202]), body: () => ({ deviceId: 'bad', mediaId: 'harbour' }) },
    {
      ...plain('POST /heartbeats', 'viewer'),
      token: 'sessionToken',
      body: ({ victimLease: { sessionToken } }) => ({ sessionToken, end: false }),
    },
  ],
};

/** What stands in a path's `{…}`: the victim's, who must not notice. */
const IN_PATHS: Readonly<Record<string, (world: BadWorld) => string>> = {
  '{accountId}': ({ victim }) => victim.accountId,
  '{sessionId}': ({ victimLease }) => victimLease.sessionId,
  '{promotionId}': () => 'sorry',
};

/** What is no route: nothing is there, or another door. */
const NOWHERE: readonly Door[] = [
  plain('GET /', 'none'),
  plain('POST /admin', 'viewer'),
  plain('GET /sessions', 'viewer'),
  plain('DELETE /sessions/', 'viewer'),
  plain('PUT /entitlements', 'viewer'),
];

const heartbeatUrl: Door = {
  origin: ({ stack }) => stack.outputs['HeartbeatUrl']!,
  method: 'POST',
  path: () => '/',
  seal: 'none',
  harmless: [200],
  token: 'sessionToken',
  body: ({ ownLease: { sessionToken } }) => ({ sessionToken, end: false }),
};

/** Momento's own door, which no function stands behind: the stage hears what comes through. */
const heartbeatTopic: Door = {
  origin: ({ stack }) => stack.config.momentoEndpoint,
  method: 'POST',
  path: ({ stack }) => `/topics/${stack.outputs['MomentoCacheName']}/heartbeat`,
  seal: 'momento',
  harmless: [204],
  body: () => ({ deviceId: 'bad', mediaId: 'harbour' }),
};

/** Those that take a body thrice: there is more to break. */
export const DOORS: readonly Door[] = [
  ...Object.values(ROUTES).flat(),
  ...NOWHERE,
  heartbeatUrl,
  heartbeatTopic,
].flatMap((door) => (door.body ? [door, door, door] : [door]));

/** What the stage's own functions put into the queue: nobody else may, so what is wrong there is a fault of ours. */
export const MESSAGES: readonly ((world: BadWorld) => Fields)[] = [
  (world) => ({ kind: 'purchase', event: checkoutReport(world), catalogVersion: CATALOG_VERSION }),
  ({ viewer }) => ({ kind: 'recompute', accountId: viewer.accountId }),
  (world) => ({
    kind: 'payment',
    provider: 'stripe',
    report: stripeReports(world)[0]!,
    catalogVersion: CATALOG_VERSION,
  }),
];

interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties?: Readonly<Record<string, unknown>> }>
  >;
}

/** `GET /token`, for each method of the synthesized REST API but the preflights. */
export function routesIn(templateFile: string): readonly string[] {
  const { Resources } = JSON.parse(readFileSync(templateFile, 'utf8')) as Template;
  const pathOf = (reference: unknown): string => {
    const { Ref = '' } = reference as { readonly Ref?: string };
    const { ParentId, PathPart } = Resources[Ref]?.Properties ?? {};
    return typeof PathPart === 'string' ? `${pathOf(ParentId)}/${PathPart}` : '';
  };
  return Object.values(Resources)
    .filter(
      ({ Type, Properties }) =>
        Type === 'AWS::ApiGateway::Method' && Properties?.['HttpMethod'] !== 'OPTIONS',
    )
    .map(
      ({ Properties }) => `${String(Properties!['HttpMethod'])} ${pathOf(Properties!['ResourceId']) || '/'}`,
    );
}
