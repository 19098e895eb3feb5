/**
 * Prints how many milliseconds it takes to import the module that the argument names. One process, one import: plain
 * JavaScript, so that Node's type stripping is not loaded into the process that is measured.
 */
import { writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

const startedMs = performance.now();
await import(process.argv[2]);
const tookMs = performance.now() - startedMs;
writeSync(1, String(tookMs));
process.exit(0); // a client that keeps a socket or a timer must not hold the process
