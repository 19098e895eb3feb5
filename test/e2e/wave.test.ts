import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TopicItem } from '@gomomento/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { writeAddresses } from '../../local/addresses.ts';
import type { LocalStack } from '../../local/stack.ts';
import { loadCatalog } from '../../shared/catalog.ts';
import type { Catalog } from '../../shared/domain/catalog.ts';
import type { CatalogChanged } from '../../shared/domain/catalog-messages.ts';
import { announceWave } from '../../tools/announce-wave.ts';
import { newViewer, startStack, tokensOf, topicClient } from './support.ts';

let dataDir: string;
let stack: LocalStack;
const heard: CatalogChanged[] = [];
let unsubscribe = () => {};

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'usher-data-'));
  stack = await startStack({ dataDir });
  const tokens = await tokensOf(stack, await newViewer(stack));
  const subscription = await topicClient(tokens).subscribe(tokens.cacheName, 'catalog', {
    onItem: (item: TopicItem) => void heard.push(JSON.parse(item.valueString()) as CatalogChanged),
  });
  if (subscription.type !== 'Subscription') throw new Error(`not subscribed: ${subscription.toString()}`);
  unsubscribe = () => subscription.unsubscribe();
});
afterAll(async () => {
  unsubscribe();
  await stack?.stop();
  await rm(dataDir, { recursive: true, force: true });
});
afterEach(() => vi.unstubAllEnvs());

async function hearing(id: string): Promise<void> {
  await expect.poll(() => heard.find((message) => message.id === id)).toBeDefined();
}

/** Runs the command as npm does; everything that it says. */
async function command(line: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['tools/wave.ts', ...line.split(' ')], {
    env: { PATH: process.env['PATH'], USHER_DATA: dataDir }, // no region and no credentials, as on a bare machine
  });
  return stdout;
}

/** Runs it in this process; everything that it says. */
async function announce(
  line: string,
  catalog: Pick<Catalog, 'catalogVersion'> = loadCatalog(),
): Promise<string> {
  const said: string[] = [];
  await announceWave({ catalog })(line.split(' '), (text) => said.push(text));
  return said.join('\n');
}

/** As an operator of AWS has it, who would reach what runs here as if it were AWS. */
function asInAws(): void {
  vi.stubEnv('AWS_REGION', stack.config.region);
  vi.stubEnv('AWS_ENDPOINT_URL_SSM', stack.endpoints.ssm);
  vi.stubEnv('AWS_ENDPOINT_URL_LAMBDA', stack.endpoints.lambda);
}

test('npm run wave reaches a viewer’s player, and says how it is aborted', async () => {
  const said = await command('start --stage local --products premium --within 120 --priority high --wave w1');
  await hearing('w1.start');
  expect(heard).toMatchObject([
    {
      specversion: '1.0',
      type: 'catalog.changed',
      data: {
        waveId: 'w1',
        state: 'start',
        catalogVersion: loadCatalog().catalogVersion,
        productIds: ['premium'],
        refreshWithinSeconds: 120,
        priority: 'high',
      },
    },
  ]);
  expect(said).toContain('Players that hold premium refresh within 120 s\n  at priority high');
  expect(said).toContain('npm run wave -- abort --stage local --wave w1');
});

test('npm run wave tells what is wrong with its arguments, and how it is used', async () => {
  const refused = {
    code: 2,
    stderr: expect.stringMatching(/Say one of start, abort.*npm run wave -- start/s),
  };
  await expect(command('stop --stage local')).rejects.toMatchObject(refused);
});

describe('a wave', () => {
  test('of a free product is everyone’s, who holds it or not', async () => {
    vi.stubEnv('USHER_DATA', dataDir);
    expect(await announce('start --stage local --products premium,free --wave w2')).toContain('All players');
    await hearing('w2.start');
    expect(heard.find(({ id }) => id === 'w2.start')?.data.productIds).toEqual([]);
  });

  test('gets an id of its own, and is aborted by it', async () => {
    vi.stubEnv('USHER_DATA', dataDir);
    const said = await announce('start --stage local');
    const [, waveId = ''] = /--wave (\S+)$/.exec(said) ?? [];
    await hearing(`${waveId}.start`);
    expect(await announce(`abort --stage local --wave ${waveId}`)).toContain('done');
    await hearing(`${waveId}.abort`);
  });

  test('of a product that is not sold is refused, with those that are', async () => {
    vi.stubEnv('USHER_DATA', dataDir);
    await expect(announce('start --stage local --products premum')).rejects.toThrow(
      /has no product 'premum'\. It has free, premium, /,
    );
  });
});

describe('the command says what is in its way', () => {
  test('nothing runs here', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'usher-data-'));
    vi.stubEnv('USHER_DATA', empty);
    await expect(announce('start --stage local')).rejects.toThrow('start the local stack with npm start');
    writeAddresses(empty, { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL_LAMBDA: 'http://127.0.0.1:9' }); // was killed
    await expect(announce('start --stage local')).rejects.toThrow('start the local stack with npm start');
    await rm(empty, { recursive: true });
  });

  test('the catalogue that lies here is not deployed yet', async () => {
    vi.stubEnv('USHER_DATA', dataDir);
    const newer = { catalogVersion: '2099-01-01.1' };
    await expect(announce('start --stage local --wave early', newer)).rejects.toThrow('deploy it first');
    await announce('abort --stage local --wave late', newer); // is needed most when a deployment went wrong
    await hearing('late.abort');
    expect(heard.some(({ id }) => id === 'early.start')).toBe(false);
  });

  test('no such stage, or one that is not deployed', async () => {
    asInAws();
    await expect(announce('start --stage nowhere')).rejects.toThrow(
      "The stage 'nowhere' is not deployed here",
    );
    await expect(announce('abort --stage nowhere --wave w')).rejects.toThrow(
      "There is no stage 'nowhere' here: Parameter Store holds no /usher/nowhere/momento-data-key",
    );
    await expect(announce('abort --stage nowhere --ssm-stage local --wave w')).rejects.toThrow(
      "Momento has no cache 'usher-nowhere'",
    );
  });

  test('no credentials', async () => {
    asInAws();
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'])
      vi.stubEnv(name, join(dataDir, 'none'));
    await expect(announce('start --stage dev')).rejects.toThrow('There are no AWS credentials');
  });

  test('Momento refuses the key, which is not told', async () => {
    vi.stubEnv('USHER_DATA', dataDir);
    const { ssm, momento } = stack;
    ssm.put({ name: '/usher/forged/momento-data-key', value: 'forged-key', type: 'SecureString' });
    ssm.put({ name: '/usher/forged/momento-endpoint', value: momento.url, type: 'String' });
    const refusal = await announce('abort --stage local --ssm-stage forged --wave w').catch(String);
    expect(refusal).toContain('Momento refuses the key in /usher/forged/momento-data-key');
    expect(refusal).not.toContain('forged-key');
  });
});
