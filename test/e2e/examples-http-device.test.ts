import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { synthesized } from '../support/synthesized.ts';
import { withShortIntervals, type Directory } from './examples-support.ts';
import { admitted, bought, concurrencyOf } from './session-support.ts';
import { signIn, startStack, type Viewer } from './support.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

let assembly: Directory;
let stack: LocalStack;
let refreshToken: string;
let viewer: Viewer;

beforeAll(async () => {
  assembly = await withShortIntervals(synthesized().assembly);
  stack = await startStack({ assembly: assembly.path });
  const { username, password } = stack.config.demoUser;
  viewer = await signIn(stack, username, password);
  const pairing = run('pair.ts');
  await once(pairing.process, 'close');
  refreshToken = pairing.printed().trim();
  await bought(stack, viewer, { purchaseId: 'premium' });
});
afterEach(() => {
  for (const { process } of started.splice(0)) process.kill('SIGKILL');
});
afterAll(async () => {
  await stack?.stop();
  await assembly?.remove();
});

interface Running {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  /** What it has printed so far. */
  readonly printed: () => string;
  /** Resolves as soon as it has printed this. @throws Error with what it printed, when it ends before. */
  readonly prints: (what: RegExp) => Promise<RegExpMatchArray>;
}
const started: Running[] = [];

/** Runs one of the device's programs as a reader would. */
function run(program: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Running {
  const file = `examples/http-device/${program}`;
  const child = spawn(process.execPath, [file, `${stack.playerUrl}/config.json`, ...args], {
    cwd: repository,
    env: { ...process.env, REFRESH_TOKEN: refreshToken, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  }
  const running: Running = {
    process: child,
    printed: () => printed,
    prints: (what) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = what.exec(printed);
          if (found) resolve(found);
        };
        for (const stream of [child.stdout, child.stderr]) stream.on('data', look);
        child.once('close', () => reject(new Error(`${program} ended without it: ${printed}`)));
        look();
      }),
  };
  started.push(running);
  return running;
}

/** Ends a program as Ctrl-C does. @returns its exit code. */
async function interrupt({ process }: Running): Promise<unknown> {
  process.kill('SIGINT');
  const [code] = (await once(process, 'close')) as [number | null];
  return code;
}

test('devices are counted, one by Momento’s topic and one by the route, until they stop', async () => {
  const byTopic = run('heartbeats.ts', ['harbour'], { DEVICE_ID: 'by-topic' });
  await byTopic.prints(/^1 devices in the last full interval$/m);
  expect(stack.momento.countCalls('Publish')).toBeGreaterThan(0);
  const byRoute = run('heartbeats.ts', ['harbour', 'by-route'], { DEVICE_ID: 'by-route' });
  await byRoute.prints(/^2 devices in the last full interval$/m);

  expect(await Promise.all([interrupt(byTopic), interrupt(byRoute)])).toEqual([0, 0]);
});

test('a session holds a stream for as long as it beats, and gives it back on Ctrl-C', async () => {
  const device = run('session.ts', ['harbour'], { DEVICE_ID: 'television' });
  const [, sessionId] = await device.prints(/as session (\S+)/);
  expect((await concurrencyOf(stack, viewer)).sessions).toMatchObject([
    { sessionId, deviceId: 'television' },
  ]);
  const key = `${viewer.accountId}:slot:1`; // each heartbeat sets it anew, while it is this session's
  const before = stack.momento.countCalls('SetIf');
  await stack.momento.nextCall('SetIf');
  expect(stack.momento.calls.filter((call) => call.rpc === 'SetIf').slice(before)).toMatchObject([{ key }]);

  expect(await interrupt(device)).toBe(0);
  expect((await concurrencyOf(stack, viewer)).sessions).toEqual([]);
});

test('a session that is refused says by whom, and takes the place of the one it is told to end', async () => {
  const first = run('session.ts', ['harbour'], { DEVICE_ID: 'first' });
  const [, firstId = ''] = await first.prints(/as session (\S+)/);
  for (const deviceId of ['b', 'c', 'd']) await admitted(stack, viewer, { deviceId });

  const refused = run('session.ts', ['harbour'], { DEVICE_ID: 'second' });
  await once(refused.process, 'close');
  expect(refused.process.exitCode).toBe(1);
  expect(refused.printed()).toContain(`${firstId} on first: harbour`);

  const second = run('session.ts', ['harbour', firstId], { DEVICE_ID: 'second' });
  await second.prints(/as session/);
  await first.prints(/^Stopped: terminated$/m);
  expect(await interrupt(second)).toBe(0);
  const { sessions } = await concurrencyOf(stack, viewer);
  expect(sessions.map(({ deviceId }) => deviceId).toSorted()).toEqual(['b', 'c', 'd']);
});

test('a session for a title that the account does not hold says why', async () => {
  const device = run('session.ts', ['derby-2026']);
  await once(device.process, 'close');
  expect(device.process.exitCode).toBe(1);
  expect(device.printed()).toContain('May not be played: not-held');
});
