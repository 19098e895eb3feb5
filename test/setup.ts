import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { unpackChromium } from './browser/chromium.ts';

/** The synthesized app, and where its page is served. */
export interface Synthesized {
  /** The directory of what `cdk deploy` would take, for the stage `local`. */
  readonly assembly: string;
  /** `http://localhost:{playerPort}` is the one origin that the assembly's API admits. */
  readonly playerPort: number;
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** One for each worker, in the order of their numbers: two files that run at once do not share an origin. */
    synthesized: readonly Synthesized[];
  }
}

const repository = fileURLToPath(new URL('..', import.meta.url));

/** What the tests of the whole product share: a browser, and the synthesized app. */
export async function setup({ config, provide }: TestProject): Promise<() => Promise<void>> {
  await unpackChromium();
  const directory = await mkdtemp(join(tmpdir(), 'usher-assembly-'));
  const first = await synthesizeOne(join(directory, '1'));
  const others = Array.from({ length: config.maxWorkers - 1 }, (_, index) => join(directory, `${index + 2}`));
  provide('synthesized', [first, ...(await Promise.all(others.map((assembly) => copyOf(first, assembly))))]);
  return () => rm(directory, { recursive: true, force: true });
}

async function synthesizeOne(assembly: string): Promise<Synthesized> {
  const playerPort = await freePort();
  await synthesize(assembly, {
    origins: originAt(playerPort),
    followHeartbeatTopic: 'true',
    heartbeatUrl: 'true',
    stripe: 'true',
  });
  return { assembly, playerPort };
}

/** The same app for a page at another port: nothing else of it depends on the origin. */
async function copyOf(first: Synthesized, assembly: string): Promise<Synthesized> {
  const playerPort = await freePort();
  await cp(first.assembly, assembly, { recursive: true });
  for (const name of (await readdir(assembly)).filter((file) => file.endsWith('.json'))) {
    const file = join(assembly, name);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replaceAll(originAt(first.playerPort), originAt(playerPort)));
  }
  return { assembly, playerPort };
}

const originAt = (port: number) => `http://localhost:${port}`;

/** Writes what `cdk deploy` would take for the stage `local` into a directory. @throws Error with what the app said. */
export async function synthesize(outDir: string, context: Readonly<Record<string, string>>): Promise<void> {
  await promisify(execFile)(process.execPath, ['bin/usher.ts'], {
    cwd: repository,
    env: {
      ...process.env,
      CDK_OUTDIR: outDir,
      CDK_CONTEXT_JSON: JSON.stringify({ stageName: 'local', ssmStageName: 'local', ...context }),
      CDK_VALIDATION: 'false', // four seconds; `npm run synth` keeps it
    },
  });
}

/** A port that is free now. The page's origin is part of the assembly, so it must be known before the server starts. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
