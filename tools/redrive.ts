/** `npm run redrive`: shows what lies in a stage's dead-letter queue and sends it back. See docs/operations.md. */
import { saysYes } from './ask.ts';
import { runCommand } from './command.ts';
import { interruption } from './interruption.ts';
import { redriveDeadLetters, USAGE } from './redrive-dead-letters.ts';

const terminal = { input: process.stdin, output: process.stdout };
await runCommand(
  USAGE,
  redriveDeadLetters({
    saysYes: (prompt) => saysYes(terminal, prompt),
    interrupted: interruption(),
  }),
);
