/**
 * Imports the bundle that the first argument names and hands its handler the event that the second one is, as Lambda
 * does in a new execution environment. The last line it prints says when it was there, in milliseconds since the process
 * was started, and what it answered. Without an event it imports alone. Plain JavaScript, as time-import.mjs is.
 */
import { writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

const [, , module, event] = process.argv;
const { handler } = await import(module);
const importedMs = performance.now();
const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 10_000 };
const answer = event === undefined ? undefined : await handler(JSON.parse(event), context);
const answeredMs = performance.now();
writeSync(1, `\n${JSON.stringify({ importedMs, answeredMs, answer: JSON.stringify(answer) ?? '' })}`);
process.exit(0); // a client that keeps a socket or a timer must not hold the process
