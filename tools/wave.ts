/** `npm run wave`: tells players that the catalogue has changed, or not to mind. See docs/waves.md. */
import { loadCatalog } from '../shared/catalog.ts';
import { announceWave } from './announce-wave.ts';
import { runCommand } from './command.ts';
import { USAGE } from './wave-arguments.ts';

await runCommand(USAGE, announceWave({ catalog: loadCatalog() }));
