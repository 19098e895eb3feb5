/** `npm start`: synthesizes the app and runs its template on this machine until Ctrl-C. See README.md. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, runNode } from './command.ts';
import { dataDirectory } from './data-directory.ts';
import { createLifetime } from './lifetime.ts';
import { lockData } from './lock.ts';
import { portsFrom, requireFree } from './ports.ts';
import { startLocal } from './stack.ts';

process.env['TZ'] = 'UTC'; // as in Lambda; a thread cannot have a time zone of its own

const root = fileURLToPath(new URL('..', import.meta.url));
const dataDir = dataDirectory();
const assembly = path.join(dataDir, 'cdk.out');
const playerDir = path.join(dataDir, 'player');

const lifetime = createLifetime();
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(0));
stopWithNpm();

try {
  await start();
} catch (error) {
  if (!stopping) {
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    await stop(1);
  }
}

async function start(): Promise<void> {
  const startedMs = performance.now();
  const ports = portsFrom(process.env['PORT']);
  lifetime.stopWith(lockData(dataDir));
  await requireFree(ports);

  await step('Synthesizing the app', synthesize(ports.player));
  const playerBuild = path.join(root, 'player', 'build.ts');
  const hasPlayer = existsSync(playerBuild);
  if (hasPlayer) {
    const onLine = (line: string) => say(`  ${line}`); // the first time it draws a clip, which takes seconds
    await step('Building the player', runNode([playerBuild, playerDir], { cwd: root, onLine }));
  }
  if (stopping) return;
  const local = await startLocal({
    assembly,
    dataDir,
    ports,
    ...(hasPlayer && { playerDir }),
    report: say,
    log: (functionName, line) => say(`[${functionName}] ${line}`),
  });
  lifetime.stopWith(() => local.stop());
  const { config, playerUrl } = local;
  say(`
Ready after ${((performance.now() - startedMs) / 1000).toFixed(1)} s.

  Player   ${playerUrl}
  Sign in  ${config.demoUser.username}  ${config.demoUser.password}
  API      ${config.apiUrl}
  Store    ${config.storeUrl}/events
  Support  npm run support -- local look-up <account>   (signed as local:local, docs/support.md)

Ctrl-C stops everything; npm run reset forgets users and purchases.
`);
}

/** Ending npm ends the shell it runs this in, and that tells nobody: notice that the parent is another one. */
function stopWithNpm(): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const parent = process.ppid;
  const check = () => {
    if (process.ppid !== parent && !stopping) void stop(0);
  };
  setInterval(check, 500).unref();
}

function synthesize(playerPort: number): Command {
  const require = createRequire(import.meta.url);
  const cdk = path.join(path.dirname(require.resolve('aws-cdk/package.json')), 'bin', 'cdk');
  const context = {
    stageName: 'local',
    ssmStageName: 'local',
    origins: `http://localhost:${playerPort}`,
    followHeartbeatTopic: 'true',
    heartbeatUrl: 'true',
    stripe: 'true',
  };
  return runNode(
    [
      cdk,
      'synth',
      '--quiet',
      '--output',
      assembly,
      ...Object.entries(context).flatMap(([key, value]) => ['--context', `${key}=${value}`]),
    ],
    // The template check takes four seconds; `npm run synth` keeps it.
    { cwd: root, env: { CDK_VALIDATION: 'false', CDK_DISABLE_VERSION_CHECK: 'true' } },
  );
}

async function step(what: string, command: Command): Promise<void> {
  const startedMs = performance.now();
  say(`${what} …`);
  lifetime.stopWith(() => command.stop());
  await command.done;
  say(`  done (${((performance.now() - startedMs) / 1000).toFixed(1)} s)`);
}

/** The first call stops in order, a second one does not wait for it. */
async function stop(code: number): Promise<void> {
  if (stopping) process.exit(1);
  stopping = true;
  say('Stopping …');
  await lifetime.stop().catch((error: unknown) => console.error(error));
  process.exit(code);
}

function say(line: string): void {
  console.log(line);
}
