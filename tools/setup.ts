/** `npm run setup`: puts a stage's secrets into Parameter Store before its first deployment. See docs/operations.md. */
import { asker } from './ask.ts';
import { runCommand } from './command.ts';
import { setUpStage, USAGE } from './set-up-stage.ts';

await runCommand(USAGE, setUpStage({ ask: asker({ input: process.stdin, output: process.stdout }) }));
