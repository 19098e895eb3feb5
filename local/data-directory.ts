import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where users, purchases, queues and secrets are kept between starts: `.usher/`, or where `USHER_DATA` says. */
export function dataDirectory(): string {
  const { USHER_DATA: chosen } = process.env;
  return chosen ? path.resolve(chosen) : fileURLToPath(new URL('../.usher', import.meta.url));
}
