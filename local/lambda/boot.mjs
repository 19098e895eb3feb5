/**
 * The entry of a worker thread. What is imported from here on, runtime.ts and the bundle, is compiled once on this
 * machine and not for each environment anew; runtime.ts cannot ask for that in time for itself.
 */
import { enableCompileCache } from 'node:module';

enableCompileCache();
await import('./runtime.ts');
