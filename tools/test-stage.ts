/** `npm run test:stage`: the end-to-end tests, against a stage that is deployed. See docs/environments.md. */
import { runCommand } from './command.ts';
import { testStage, USAGE } from './run-stage-tests.ts';

await runCommand(USAGE, testStage);
