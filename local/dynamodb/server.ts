import { mkdirSync } from 'node:fs';
import dynalite from 'dynalite';
import { listen, type Listening } from '../loopback.ts';

interface DynamoDbOptions {
  /** 0 takes any free port. */
  readonly port?: number | undefined;
  /** Keeps the tables in LevelDB across restarts; without it they live in memory. */
  readonly directory?: string | undefined;
}

export interface DynamoDbStandIn extends Listening {
  /** How many calls have arrived since the start. */
  readonly calls: number;
}

/** DynamoDB by dynalite, on 127.0.0.1. It has no transactions, streams, backups or expiry by TTL. */
export async function startDynamoDb({ port = 0, directory }: DynamoDbOptions = {}): Promise<DynamoDbStandIn> {
  if (directory !== undefined) mkdirSync(directory, { recursive: true });
  const immediately = { createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 };
  const server = dynalite({ ...immediately, ...(directory !== undefined && { path: directory }) });
  let calls = 0;
  server.on('request', () => void (calls += 1));
  const listening = await listen(server, port);
  return {
    ...listening,
    get calls() {
      return calls;
    },
  };
}
