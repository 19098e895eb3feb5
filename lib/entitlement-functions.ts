import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import {
  MEMORY_MB,
  MOMENTO_DATA,
  MOMENTO_SUPER,
  ROUTE_SECONDS,
  settingsOf,
  type FunctionsProps,
} from './function-settings.ts';
import { UsherFunction } from './usher-function.ts';

/** It looks for 40 s at most, and ends before the next is started. */
const BOUNDARIES_SECONDS = 55;

/** Less than the 10 s that `vend-token` has, which waits for it. */
const FILL_SECONDS = 8;

/**
 * From a purchase to what a viewer may watch, and the token by which she hears of changes. Each function is told and
 * may do what it needs, and nothing else.
 */
export class EntitlementFunctions extends Construct {
  /** Ten records, each with a table commit, a cache write and its announcements. */
  static readonly recomputeTimeout: Duration = Duration.seconds(30);

  readonly vendToken: UsherFunction;
  readonly readEntitlements: UsherFunction;
  readonly readCatalog: UsherFunction;
  readonly acceptCheckout: UsherFunction;
  readonly requestRecompute: UsherFunction;
  readonly recomputeEntitlements: UsherFunction;
  readonly announceBoundaries: UsherFunction;

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    const { stage, code, table, checkout } = props;
    const { route, viewerRoute, cache, accounts, queue } = settingsOf(props);
    const common = { stage, code };

    const fillCache = new UsherFunction(this, 'FillCache', {
      ...common,
      name: 'fill-cache',
      description: 'Puts the entitlements of an account into the cache when they are not there yet.',
      memoryMb: MEMORY_MB.withMomento,
      timeoutSeconds: FILL_SECONDS,
      parameters: MOMENTO_DATA,
      environment: { ...cache, ...accounts, ...queue },
    });
    fillCache.mayRead(table);
    fillCache.maySend(checkout.queue);

    this.vendToken = new UsherFunction(this, 'VendToken', {
      ...common,
      name: 'vend-token',
      description: 'GET /token: mints Momento tokens for the account of the viewer.',
      memoryMb: MEMORY_MB.withMomento,
      timeoutSeconds: ROUTE_SECONDS,
      parameters: MOMENTO_SUPER,
      environment: {
        ...viewerRoute,
        ...cache,
        TOKEN_TTL_SECONDS: String(stage.tokenTtlSeconds),
        FILL_CACHE_FUNCTION_NAME: fillCache.functionName,
        ...(stage.followHeartbeatTopic && { FOLLOWS_HEARTBEAT_TOPIC: 'true' }),
      },
    });
    this.vendToken.mayInvoke(fillCache);

    this.readEntitlements = new UsherFunction(this, 'ReadEntitlements', {
      ...common,
      name: 'read-entitlements',
      description: 'GET /entitlements: the snapshot of the account of the viewer.',
      memoryMb: MEMORY_MB.withMomento,
      timeoutSeconds: ROUTE_SECONDS,
      parameters: MOMENTO_DATA,
      environment: { ...viewerRoute, ...cache, ...accounts, ...queue },
    });
    this.readEntitlements.mayRead(table);
    this.readEntitlements.maySend(checkout.queue);

    this.readCatalog = new UsherFunction(this, 'ReadCatalog', {
      ...common,
      name: 'read-catalog',
      description: 'GET /catalog: products and contents.',
      memoryMb: MEMORY_MB.alone,
      timeoutSeconds: ROUTE_SECONDS,
      environment: route,
    });

    this.acceptCheckout = new UsherFunction(this, 'AcceptCheckout', {
      ...common,
      name: 'accept-checkout',
      description: 'POST /checkout-events: takes a signed event from the payment side into the queue.',
      memoryMb: MEMORY_MB.withAws,
      timeoutSeconds: ROUTE_SECONDS,
      parameters: { CHECKOUT_SECRETS_PARAMETER: 'checkout-secrets' },
      environment: { ...route, ...queue },
    });
    this.acceptCheckout.maySend(checkout.queue);

    this.requestRecompute = new UsherFunction(this, 'RequestRecompute', {
      ...common,
      name: 'request-recompute',
      description: 'POST /entitlements/recompute: has the purchases of the viewer counted afresh.',
      memoryMb: MEMORY_MB.withAws,
      timeoutSeconds: ROUTE_SECONDS,
      environment: { ...viewerRoute, ...accounts, ...queue },
    });
    this.requestRecompute.maySend(checkout.queue);
    this.requestRecompute.may(table, 'dynamodb:PutItem');

    this.recomputeEntitlements = new UsherFunction(this, 'RecomputeEntitlements', {
      ...common,
      name: 'recompute-entitlements',
      description: 'Checkout queue: table, then cache, then topic.',
      memoryMb: MEMORY_MB.withMomento,
      timeoutSeconds: EntitlementFunctions.recomputeTimeout.toSeconds(),
      parameters: MOMENTO_DATA,
      environment: {
        ...cache,
        ...accounts,
        ...queue,
        DEAD_LETTER_QUEUE_URL: checkout.deadLetters.queueUrl,
        // It ends sessions that a purchase no longer covers, and what says so in their slots lives for the lease.
        LEASE_SECONDS: String(stage.leaseSeconds),
      },
    });
    this.recomputeEntitlements.mayRead(table);
    this.recomputeEntitlements.may(table, 'dynamodb:PutItem', 'dynamodb:UpdateItem');
    // Of an account that support has erased.
    this.recomputeEntitlements.may(table, 'dynamodb:DeleteItem');
    this.recomputeEntitlements.maySend(checkout.queue, checkout.deadLetters);

    this.announceBoundaries = new UsherFunction(this, 'AnnounceBoundaries', {
      ...common,
      name: 'announce-boundaries',
      description:
        'Every minute: has accounts recomputed at the moment at which time changes what they hold.',
      memoryMb: MEMORY_MB.withAws,
      timeoutSeconds: BOUNDARIES_SECONDS,
      environment: { ...accounts, ...queue },
    });
    this.announceBoundaries.may(table, 'dynamodb:GetItem', 'dynamodb:PutItem');
    this.announceBoundaries.mayQuery(table.boundariesArn);
    this.announceBoundaries.maySend(checkout.queue);
  }
}
