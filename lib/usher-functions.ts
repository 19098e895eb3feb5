import { Duration } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { CheckoutQueue } from './checkout-queue.ts';
import type { ParameterName } from './parameters.ts';
import type { Stage } from './stage.ts';
import { routeEnvironment, UsherFunction, type CodeOf } from './usher-function.ts';

export interface UsherFunctionsProps {
  readonly stage: Stage;
  readonly code: CodeOf;
  readonly momentoCacheName: string;
  readonly table: TableV2;
  readonly checkout: CheckoutQueue;
}

/** Reads and writes the cache and publishes; cannot mint tokens. */
const MOMENTO_DATA: Readonly<Record<string, ParameterName>> = {
  MOMENTO_DATA_KEY_PARAMETER: 'momento-data-key',
  MOMENTO_ENDPOINT_PARAMETER: 'momento-endpoint',
};
/** Mints tokens: the one secret that opens every account's door. */
const MOMENTO_SUPER: Readonly<Record<string, ParameterName>> = {
  MOMENTO_SUPER_KEY_PARAMETER: 'momento-super-key',
  MOMENTO_ENDPOINT_PARAMETER: 'momento-endpoint',
};

/**
 * Lambda gives processor time with memory, a whole core at 1769 MB. Importing Momento's SDK is nearly all a cold
 * start does, so who imports it gets the most.
 */
const MEMORY_MB = { withMomento: 1024, withAws: 512, alone: 256 };
/** Well under API Gateway's 29 s: a page gives up sooner, and a 503 tells it when to come back. */
const ROUTE_SECONDS = 10;
/** Less than the 10 s that `vend-token` has, which waits for it. */
const FILL_SECONDS = 8;

/** The functions of functions/, each with what it is told and what it may do, and nothing else. */
export class UsherFunctions extends Construct {
  /** Ten records, each with a table commit, a cache write and its announcements. */
  static readonly recomputeTimeout: Duration = Duration.seconds(30);

  readonly vendToken: UsherFunction;
  readonly readEntitlements: UsherFunction;
  readonly readCatalog: UsherFunction;
  readonly acceptCheckout: UsherFunction;
  readonly requestRecompute: UsherFunction;
  readonly recomputeEntitlements: UsherFunction;

  constructor(
    scope: Construct,
    id: string,
    { stage, code, momentoCacheName, table, checkout }: UsherFunctionsProps,
  ) {
    super(scope, id);
    const common = { stage, code };
    const route = routeEnvironment(stage);
    const cache = { MOMENTO_CACHE_NAME: momentoCacheName };
    const queue = { CHECKOUT_QUEUE_URL: checkout.queue.queueUrl };
    const accounts = { TABLE_NAME: table.tableName };

    const fillCache = new UsherFunction(this, 'FillCache', {
      ...common,
      name: 'fill-cache',
      description: 'Puts the entitlements of an account into the cache when they are not there yet.',
      memoryMb: MEMORY_MB.withMomento,
      timeoutSeconds: FILL_SECONDS,
      parameters: MOMENTO_DATA,
      environment: { ...cache, ...accounts, ...queue },
    });
    mayRead(fillCache, table);
    maySend(fillCache, checkout.queue);

    this.vendToken = new UsherFunction(this, 'VendToken', {
      ...common,
      name: 'vend-token',
      description: 'GET /token: mints Momento tokens for the account of the viewer.',
      memoryMb: MEMORY_MB.withMomento,
      timeoutSeconds: ROUTE_SECONDS,
      parameters: MOMENTO_SUPER,
      environment: {
        ...route,
        ...cache,
        TOKEN_TTL_SECONDS: String(stage.tokenTtlSeconds),
        FILL_CACHE_FUNCTION_NAME: fillCache.functionName,
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
      environment: { ...route, ...cache, ...accounts, ...queue },
    });
    mayRead(this.readEntitlements, table);
    maySend(this.readEntitlements, checkout.queue);

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
    maySend(this.acceptCheckout, checkout.queue);

    this.requestRecompute = new UsherFunction(this, 'RequestRecompute', {
      ...common,
      name: 'request-recompute',
      description: 'POST /entitlements/recompute: has the purchases of the viewer counted afresh.',
      memoryMb: MEMORY_MB.withAws,
      timeoutSeconds: ROUTE_SECONDS,
      environment: { ...route, ...accounts, ...queue },
    });
    maySend(this.requestRecompute, checkout.queue);
    table.grant(this.requestRecompute, 'dynamodb:PutItem');

    this.recomputeEntitlements = new UsherFunction(this, 'RecomputeEntitlements', {
      ...common,
      name: 'recompute-entitlements',
      description: 'Checkout queue: table, then cache, then topic.',
      memoryMb: MEMORY_MB.withMomento,
      timeoutSeconds: UsherFunctions.recomputeTimeout.toSeconds(),
      parameters: MOMENTO_DATA,
      environment: { ...cache, ...accounts, ...queue, DEAD_LETTER_QUEUE_URL: checkout.deadLetters.queueUrl },
    });
    mayRead(this.recomputeEntitlements, table);
    table.grant(this.recomputeEntitlements, 'dynamodb:PutItem', 'dynamodb:UpdateItem');
    maySend(this.recomputeEntitlements, checkout.queue, checkout.deadLetters);
  }
}

function mayRead(reader: UsherFunction, table: TableV2): void {
  table.grant(reader, 'dynamodb:GetItem', 'dynamodb:Query');
}

/** Exactly SendMessage: CDK's own grant also lets the sender ask about the queue. */
function maySend(sender: UsherFunction, ...queues: readonly Queue[]): void {
  sender.addToRolePolicy(
    new PolicyStatement({ actions: ['sqs:SendMessage'], resources: queues.map(({ queueArn }) => queueArn) }),
  );
}
