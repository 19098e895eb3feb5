import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

export interface Command {
  /** Resolves when it has ended well; rejects with what it wrote when it has not. */
  readonly done: Promise<void>;
  stop(): void;
}

interface NodeOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

/** Runs a Node script on this same Node. What it writes is told if it fails; `onLine` hears its output's lines as well. */
export function runNode(args: readonly string[], { cwd, env = {}, onLine }: NodeOptions): Command {
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd,
    // What it starts by the name `node` is this Node too, wherever that was found.
    env: {
      ...process.env,
      PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env['PATH']}`,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a process group of its own, so that whatever it starts can be stopped with it
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  if (onLine && child.stdout) createInterface(child.stdout).on('line', onLine);
  const done = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${args.join(' ')} ended with ${signal ?? `code ${code}`}:\n${output}`));
    });
  });
  return {
    done,
    stop() {
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
        process.kill(-child.pid, 'SIGTERM');
      }
    },
  };
}
