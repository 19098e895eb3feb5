import type { IncomingMessage, ServerResponse } from 'node:http';

const READS = ['BatchGetItem', 'GetItem', 'Query', 'Scan'];
const WRITES = ['BatchWriteItem', 'DeleteItem', 'PutItem', 'UpdateItem'];

/** How DynamoDB says it: a table that is billed by the request in the first way, a hot partition in the second. */
const NAMES = [
  [
    'com.amazon.coral.availability#ThrottlingException',
    'Throughput exceeds the current capacity of your table.',
  ],
  [
    'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
    'The level of configured provisioned throughput for the table was exceeded.',
  ],
] as const;

/** Which calls are refused. */
export interface Throttling {
  /** Both when absent. */
  readonly only?: 'reads' | 'writes';
  /** Of so many calls in a row the last one passes; none when absent. */
  readonly onePassesOf?: number;
}

/** Refuses calls for reading and writing items as a throttled table does, while it is on. */
export function createThrottling() {
  let on: Throttling | undefined;
  let arrived = 0;
  let refused = 0;
  return {
    start(throttling: Throttling): void {
      on = throttling;
      arrived = 0;
    },
    stop(): void {
      on = undefined;
    },
    /** How many calls were refused since the start. */
    get refused() {
      return refused;
    },
    /** True when the call is answered by this. */
    strikes({ headers }: IncomingMessage, response: ServerResponse): boolean {
      const [, operation = ''] = String(headers['x-amz-target'] ?? '').split('.');
      const struck = { reads: READS, writes: WRITES, all: [...READS, ...WRITES] }[on?.only ?? 'all'];
      if (!on || !struck.includes(operation)) return false;
      arrived += 1;
      if (on.onePassesOf !== undefined && arrived % on.onePassesOf === 0) return false;
      const [type, message] = NAMES[refused++ % NAMES.length]!;
      response
        .writeHead(400, { 'content-type': 'application/x-amz-json-1.0' })
        .end(JSON.stringify({ __type: type, message }));
      return true;
    },
  };
}
