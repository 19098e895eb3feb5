import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { unpackChromium } from './browser/chromium.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The directory of the synthesized app: what `cdk deploy` would take, for the stage `local`. */
    assembly: string;
    /** `http://localhost:{playerPort}` is the one origin that the assembly's API admits. */
    playerPort: number;
  }
}

const repository = fileURLToPath(new URL('..', import.meta.url));

/** What the tests of the whole product share: a browser, and the app synthesized once. */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  await unpackChromium();
  const playerPort = await freePort();
  const assembly = await mkdtemp(join(tmpdir(), 'usher-assembly-'));
  await synthesize(assembly, {
    origins: `http://localhost:${playerPort}`,
    followHeartbeatTopic: 'true',
    heartbeatUrl: 'true',
  });
  provide('assembly', assembly);
  provide('playerPort', playerPort);
  return () => rm(assembly, { recursive: true, force: true });
}

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
