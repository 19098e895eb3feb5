import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startMomento, type MomentoStandIn } from '../../local/momento/server.ts';
import { startSsm, type SsmStandIn } from '../../local/ssm/server.ts';
import { deserted } from '../support/canned-server.ts';
import { CACHE, cacheClient } from '../support/momento.ts';
import { startTable, type TestTable } from '../support/table.ts';

let momento: MomentoStandIn;
let ssm: SsmStandIn;
let table: TestTable;
let handler: (event: unknown) => Promise<{ readonly version: number }>;

/** The function as it is deployed, in a stage whose checkout queue does not answer. */
beforeAll(async () => {
  [momento, ssm, table] = await Promise.all([
    startMomento(),
    startSsm({ region: 'eu-west-1' }),
    startTable(),
  ]);
  momento.createCache(CACHE);
  const { MOMENTO_DATA_KEY_PARAMETER: key = '', MOMENTO_ENDPOINT_PARAMETER: endpoint = '' } = process.env;
  ssm.put({ name: key, value: momento.mintKey('data'), type: 'SecureString' });
  ssm.put({ name: endpoint, value: momento.url, type: 'String' });
  vi.stubEnv('AWS_ENDPOINT_URL_SSM', ssm.url);
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', table.url);
  const nobody = await deserted();
  vi.stubEnv('AWS_ENDPOINT_URL_SQS', nobody);
  vi.stubEnv('CHECKOUT_QUEUE_URL', `${nobody}/000000000000/checkout`);
  vi.stubEnv('TABLE_NAME', table.name);
  vi.stubEnv('MOMENTO_CACHE_NAME', CACHE);
  ({ handler } = await import('../../functions/fill-cache.ts'));
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await Promise.all([momento.stop(), ssm.stop(), table.stop()]);
});

describe('filling the cache', () => {
  it('puts the answer of an account that is seen for the first time where its player reads it', async () => {
    expect(await handler({ accountId: 'ada' })).toEqual({ version: 0 });
    const answer = await cacheClient(momento, momento.mintKey('data')).get(CACHE, 'ada');
    expect(JSON.parse(answer.value() ?? '')).toMatchObject({
      accountId: 'ada',
      epoch: '0',
      version: 0,
      entitlements: [{ entitlementId: 'free:free' }],
      access: { maxStreams: 1 },
    });
  });

  it('leaves alone what is there', async () => {
    await handler({ accountId: 'ada' });
    const writes = () => momento.countCalls('SetIf') + momento.countCalls('SetIfHash');
    const before = writes();
    expect(before).toBeGreaterThan(0);
    expect(await handler({ accountId: 'ada' })).toEqual({ version: 0 });
    expect(writes()).toBe(before);
  });

  it.each([{}, { accountId: 7 }, { accountId: 'heartbeat' }, { accountId: 'ada:slot:1' }])(
    'is not done for %j, which names no account',
    async (event) => {
      await expect(handler(event)).rejects.toThrow('accountId');
    },
  );
});
