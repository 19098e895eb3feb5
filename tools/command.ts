/** What stops an operator's command, told as it stands: what is wrong, and what to do about it. */
export class Complaint extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Complaint';
  }
}

/** The command was called wrongly: its usage is told too. */
export class WrongUsage extends Complaint {}

export type Say = (line: string) => void;

/**
 * Runs a command to its end and ends the process: with 0 when it is done, 1 when something is in its way, 2 when it
 * was called wrongly; `--help` tells its usage alone. Anything but a {@link Complaint} is a fault of ours and is told with its stack.
 */
export async function runCommand(
  usage: string,
  command: (args: readonly string[], say: Say) => Promise<void>,
): Promise<never> {
  const args = process.argv.slice(2);
  try {
    if (args.includes('--help')) console.log(usage);
    else await command(args, (line) => console.log(line));
    process.exit(0); // connections to Momento would keep it for half an hour
  } catch (error) {
    console.error(error instanceof Complaint ? error.message : error);
    if (error instanceof WrongUsage) console.error(`\n${usage}`);
    process.exit(error instanceof WrongUsage ? 2 : 1);
  }
}
