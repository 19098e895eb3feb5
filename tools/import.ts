/** `npm run import`: brings existing purchases into a stage. See docs/operations.md. */
import { setTimeout } from 'node:timers/promises';
import { loadCatalog } from '../shared/catalog.ts';
import { runCommand } from './command.ts';
import { importPurchases, USAGE } from './import-purchases.ts';
import { interruption } from './interruption.ts';

const interrupted = interruption();
await runCommand(
  USAGE,
  importPurchases({
    catalog: loadCatalog(),
    now: Date.now,
    pause: (ms) => setTimeout(ms, undefined, { signal: interrupted }).catch(() => {}), // aborted: it looks by itself
    interrupted,
  }),
);
