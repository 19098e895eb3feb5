import type { AccountsTable } from './accounts-table.ts';
import type { CheckoutQueue } from './checkout-queue.ts';
import type { ParameterName } from './parameters.ts';
import type { Stage } from './stage.ts';
import type { CodeOf } from './usher-function.ts';

/** What the functions are made of and work with. */
export interface FunctionsProps {
  readonly stage: Stage;
  readonly code: CodeOf;
  readonly momentoCacheName: string;
  readonly table: AccountsTable;
  readonly checkout: CheckoutQueue;
}

type Settings = Readonly<Record<string, string>>;

/** Where a function finds what it works with, as environment variables: each is told only of its own. */
export function settingsOf({ stage, momentoCacheName, table, checkout }: Omit<FunctionsProps, 'code'>): {
  /** Whom CORS lets in, and where the viewer's country stands. */
  readonly route: Settings;
  /** The same for a route of viewers, which has to know whose account it serves. */
  readonly viewerRoute: Settings;
  readonly cache: Settings;
  readonly accounts: Settings;
  readonly queue: Settings;
} {
  const route = { ALLOWED_ORIGINS: stage.origins.join(','), REGION_HEADER: stage.regionHeader };
  return {
    route,
    viewerRoute: { ...route, ACCOUNT_CLAIM: stage.accountClaim },
    cache: { MOMENTO_CACHE_NAME: momentoCacheName },
    accounts: { TABLE_NAME: table.tableName },
    queue: { CHECKOUT_QUEUE_URL: checkout.queue.queueUrl },
  };
}

/** Reads and writes the cache and publishes; cannot mint tokens. */
export const MOMENTO_DATA: Readonly<Record<string, ParameterName>> = {
  MOMENTO_DATA_KEY_PARAMETER: 'momento-data-key',
  MOMENTO_ENDPOINT_PARAMETER: 'momento-endpoint',
};

/** Mints tokens and makes caches: the one secret that opens every account's door. */
export const MOMENTO_SUPER: Readonly<Record<string, ParameterName>> = {
  MOMENTO_SUPER_KEY_PARAMETER: 'momento-super-key',
  MOMENTO_ENDPOINT_PARAMETER: 'momento-endpoint',
};

/**
 * Lambda gives processor time with memory, a whole core at 1769 MB. Importing Momento's SDK is nearly all a cold
 * start does, so who imports it and has a viewer wait gets the most.
 */
export const MEMORY_MB = { withMomento: 1024, withAws: 512, alone: 256 };
/** Well under API Gateway's 29 s: a page gives up sooner, and a 503 tells it when to come back. */
export const ROUTE_SECONDS = 10;
