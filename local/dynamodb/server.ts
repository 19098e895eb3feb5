import { mkdirSync } from 'node:fs';
import dynalite from 'dynalite';
import { listen, type Listening } from '../loopback.ts';

interface DynamoDbOptions {
  /** 0 takes any free port. */
  readonly port?: number | undefined;
  /** Keeps the tables in LevelDB across restarts; without it they live in memory. */
  readonly directory?: string | undefined;
}

/** DynamoDB by dynalite, on 127.0.0.1. It has no transactions, streams, backups or expiry by TTL. */
export async function startDynamoDb({ port = 0, directory }: DynamoDbOptions = {}): Promise<Listening> {
  if (directory !== undefined) mkdirSync(directory, { recursive: true });
  const immediately = { createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 };
  return listen(dynalite({ ...immediately, ...(directory !== undefined && { path: directory }) }), port);
}
