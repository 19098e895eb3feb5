import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const repository = fileURLToPath(new URL('../..', import.meta.url));

export interface Directory {
  readonly path: string;
  remove(): Promise<void>;
}

async function scratch(): Promise<Directory> {
  const path = await mkdtemp(join(tmpdir(), 'usher-examples-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** What a stage may be told by `-c heartbeatSeconds=5 -c trackerIntervalSeconds=10`, and what it is told here. */
const SHORTENED = [
  [/"HEARTBEAT_SECONDS": ?"15"/g, '"HEARTBEAT_SECONDS":"5"'],
  [/"TRACKER_INTERVAL_SECONDS": ?"60"/g, '"TRACKER_INTERVAL_SECONDS":"10"'],
] as const;

/** A copy of the synthesized app in which whoever beats is counted after seconds, not minutes. */
export async function withShortIntervals(assembly: string): Promise<Directory> {
  const directory = await scratch();
  await cp(assembly, directory.path, { recursive: true });
  const files = await readdir(directory.path);
  const template = join(
    directory.path,
    files.find((file) => file.endsWith('.template.json'))!,
  );
  let text = await readFile(template, 'utf8');
  for (const [long, short] of SHORTENED) {
    text = text.replaceAll(long, short);
    if (!text.includes(short)) throw new Error(`the template has nothing to be made ${short}`);
  }
  await writeFile(template, text);
  return directory;
}

/** The pages as `npx vite build examples` leaves them where the player is served from. */
export async function builtPages(): Promise<Directory> {
  const directory = await scratch();
  const configFile = join(repository, 'examples', 'vite.config.ts');
  await build({ configFile, logLevel: 'error', build: { outDir: join(directory.path, 'examples') } });
  return directory;
}

/** A program that runs. */
export interface Program {
  /** What it has printed so far. */
  printed(): string;
  /** Resolves as soon as it has printed this. @throws Error with what it printed, when it ends before. */
  prints(what: RegExp): Promise<RegExpExecArray>;
  /** Resolves with its exit code when it ends. */
  readonly ended: Promise<number | null>;
  /** Ends it as Ctrl-C does. */
  interrupt(): Promise<number | null>;
  kill(): void;
}

/** Runs one of the device's programs, as a reader would by `npx node`. */
export function runProgram(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Program {
  const child = spawn(process.execPath, [`examples/http-device/${file}`, ...args], {
    cwd: repository,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  }
  const ended = endOf(child);
  return {
    printed: () => printed,
    ended,
    prints: (what) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = what.exec(printed);
          if (found) resolve(found);
        };
        for (const stream of [child.stdout, child.stderr]) stream.on('data', look);
        void ended.then(() => reject(new Error(`${file} ended: ${printed}`)));
        look();
      }),
    interrupt() {
      child.kill('SIGINT');
      return ended;
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

async function endOf(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}
