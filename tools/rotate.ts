/** `npm run rotate`: rotates a secret of a stage, step by step. See docs/operations.md. */
import { asker } from './ask.ts';
import { runCommand } from './command.ts';
import { rotateSecret, USAGE } from './rotate-secret.ts';

const ask = asker({ input: process.stdin, output: process.stdout });
await runCommand(USAGE, rotateSecret({ ask, now: Date.now }));
