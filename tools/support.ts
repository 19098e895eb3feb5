/** `npm run support`: what support does with an account. See docs/support.md. */
import { saysYes } from './ask.ts';
import { runCommand } from './command.ts';
import { supportAccount, USAGE } from './support-account.ts';

const terminal = { input: process.stdin, output: process.stdout };
await runCommand(USAGE, supportAccount({ saysYes: (prompt) => saysYes(terminal, prompt) }));
