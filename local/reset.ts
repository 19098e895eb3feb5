/** `npm run reset`: forgets every user, purchase, message and secret that `npm start` has kept. */
import { rmSync } from 'node:fs';
import { dataDirectory } from './data-directory.ts';
import { lockData } from './lock.ts';

const dataDir = dataDirectory();

try {
  lockData(dataDir); // not under a running one
  rmSync(dataDir, { recursive: true, force: true });
  console.log('Forgotten. The next npm start begins afresh.');
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
