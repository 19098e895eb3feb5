import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startSsm, type SsmStandIn } from '../../local/ssm/server.ts';
import { Outage, Unavailable } from '../../shared/errors.ts';
import { secretsFromSsm } from '../../shared/secrets.ts';
import { fakeClock } from '../support/world.ts';

const FIVE_MINUTES_MS = 5 * 60_000;

/** Parameter Store with one secret; the fetches wait for `answer` when told to. */
function parameterStore() {
  const warnings: string[] = [];
  const now = fakeClock();
  let value = 'first';
  let reachable = true;
  let gate: Promise<void> = Promise.resolve();
  let fetches = 0;
  const secrets = secretsFromSsm({
    parameters: { key: '/usher/test/key' },
    now,
    warn: (message) => warnings.push(message),
    fetch: async () => {
      fetches += 1;
      await gate;
      if (!reachable) throw new Error('SSM does not answer');
      return { key: value };
    },
  });
  return {
    secrets,
    now,
    warnings,
    fetches: () => fetches,
    rotate: (next: string) => void (value = next),
    outage: (on: boolean) => void (reachable = !on),
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
  };
}

describe('a secret', () => {
  it('is fetched once in five minutes', async () => {
    const { secrets, now, fetches } = parameterStore();
    await secrets.get();
    now.advance(FIVE_MINUTES_MS - 1);
    await secrets.get();
    expect(fetches()).toBe(1);
  });

  it('that was rotated is followed within five minutes', async () => {
    const { secrets, now, rotate } = parameterStore();
    await secrets.get();
    rotate('second');
    now.advance(FIVE_MINUTES_MS);
    expect(await secrets.get()).toEqual({ key: 'second' });
  });

  it('is the same object until it is fetched anew, by which a user can tell', async () => {
    const { secrets } = parameterStore();
    expect(await secrets.get()).toBe(await secrets.get());
  });

  it('is fetched by one call however many ask for it at once', async () => {
    const { secrets, fetches, hold } = parameterStore();
    const answer = hold();
    const asking = Promise.all([secrets.get(), secrets.get(), secrets.get()]);
    answer();
    expect(await asking).toEqual([{ key: 'first' }, { key: 'first' }, { key: 'first' }]);
    expect(fetches()).toBe(1);
  });
});

describe('while Parameter Store cannot be reached', () => {
  it('the last known secret serves on, and somebody is told', async () => {
    const { secrets, now, outage, warnings } = parameterStore();
    await secrets.get();
    outage(true);
    now.advance(FIVE_MINUTES_MS);
    expect(await secrets.get()).toEqual({ key: 'first' });
    expect(warnings).toEqual(['secrets cannot be fetched; the last known ones serve on']);
  });

  it('there is a try every 15 seconds and not with every request', async () => {
    const { secrets, now, outage, fetches, rotate } = parameterStore();
    await secrets.get();
    outage(true);
    now.advance(FIVE_MINUTES_MS);
    await secrets.get();
    now.advance(14_999);
    await secrets.get();
    expect(fetches()).toBe(2);

    outage(false);
    rotate('second');
    now.advance(1);
    expect(await secrets.get()).toEqual({ key: 'second' });
  });

  it('a function that starts without any secret says that it is unavailable, and recovers', async () => {
    const { secrets, outage } = parameterStore();
    outage(true);
    await expect(secrets.get()).rejects.toBeInstanceOf(Unavailable);
    outage(false);
    expect(await secrets.get()).toEqual({ key: 'first' });
  });

  it('secrets that were never fetched are no outage of the part that they are for', async () => {
    const { secrets, outage } = parameterStore();
    outage(true);
    const error: unknown = await secrets.get().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Unavailable);
    expect(error).not.toBeInstanceOf(Outage);
  });

  it('a refused secret stays what it is', async () => {
    const { secrets, outage } = parameterStore();
    const used = await secrets.get();
    outage(true);
    expect(await secrets.refresh(used)).toBe(used);
  });
});

describe('a refused secret', () => {
  it('is fetched anew before its time', async () => {
    const { secrets, rotate } = parameterStore();
    const used = await secrets.get();
    rotate('second');
    expect(await secrets.refresh(used)).toEqual({ key: 'second' });
    expect(await secrets.get()).toEqual({ key: 'second' });
  });

  it('is fetched anew once, also when several operations were refused with it', async () => {
    const { secrets, rotate, fetches } = parameterStore();
    const used = await secrets.get();
    rotate('second');
    expect(await Promise.all([secrets.refresh(used), secrets.refresh(used)])).toEqual([
      { key: 'second' },
      { key: 'second' },
    ]);
    expect(await secrets.refresh(used)).toEqual({ key: 'second' });
    expect(fetches()).toBe(2);
  });

  it('is fetched anew at most six times a minute, so that forgers cannot spend our quota', async () => {
    const { secrets, now, fetches, rotate } = parameterStore();
    await secrets.get();
    for (let n = 0; n < 20; n++) await secrets.refresh(await secrets.get());
    expect(fetches()).toBe(1 + 6);

    now.advance(60_000);
    rotate('second');
    expect(await secrets.refresh(await secrets.get())).toEqual({ key: 'second' });
  });
});

describe('with @middy/ssm and Parameter Store', () => {
  let ssm: SsmStandIn;

  beforeEach(async () => {
    ssm = await startSsm({ region: 'eu-west-1' });
    vi.stubEnv('AWS_ENDPOINT_URL_SSM', ssm.url);
    ssm.put({ name: '/usher/test/momento-data-key', value: 'first', type: 'SecureString' });
    ssm.put({ name: '/usher/test/momento-endpoint', value: 'cell.example', type: 'String' });
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    await ssm.stop();
  });

  const parameters = { key: '/usher/test/momento-data-key', endpoint: '/usher/test/momento-endpoint' };

  it('secrets come decrypted, by the names that the code uses, in one call and not before they are needed', async () => {
    const secrets = secretsFromSsm({ parameters });
    expect(ssm.calls).toBe(0);
    expect(await secrets.get()).toEqual({ key: 'first', endpoint: 'cell.example' });
    await secrets.get();
    expect(ssm.calls).toBe(1);
  });

  it('a rotation is followed and an outage survived', async () => {
    const now = fakeClock();
    const secrets = secretsFromSsm({ parameters, now });
    await secrets.get();
    ssm.put({ name: parameters.key, value: 'second', type: 'SecureString' });
    now.advance(FIVE_MINUTES_MS);
    expect(await secrets.get()).toMatchObject({ key: 'second' });

    ssm.block();
    now.advance(FIVE_MINUTES_MS);
    expect(await secrets.get()).toMatchObject({ key: 'second' });

    ssm.unblock();
    ssm.put({ name: parameters.key, value: 'third', type: 'SecureString' });
    now.advance(15_000);
    expect(await secrets.get()).toMatchObject({ key: 'third' });
  });

  it('a cold start in an outage is unavailable, and so is one whose parameter does not exist', async () => {
    ssm.block();
    await expect(secretsFromSsm({ parameters }).get()).rejects.toBeInstanceOf(Unavailable);
    ssm.unblock();
    const missing = secretsFromSsm({ parameters: { ...parameters, key: '/usher/test/absent' } });
    await expect(missing.get()).rejects.toBeInstanceOf(Unavailable);
  });

  it('two sets of secrets in one function do not mix', async () => {
    ssm.put({ name: '/usher/test/momento-super-key', value: 'super', type: 'SecureString' });
    const data = secretsFromSsm({ parameters });
    const mint = secretsFromSsm({ parameters: { key: '/usher/test/momento-super-key' } });
    expect(await Promise.all([data.get(), mint.get()])).toEqual([
      { key: 'first', endpoint: 'cell.example' },
      { key: 'super' },
    ]);
    expect(await mint.refresh(await mint.get())).toEqual({ key: 'super' });
  });

  it('a secret that holds JSON is a text like any other', async () => {
    const json = '{"current":{"kid":"1"}}';
    ssm.put({ name: '/usher/test/session-keys', value: json, type: 'SecureString' });
    const secrets = secretsFromSsm({ parameters: { keys: '/usher/test/session-keys' } });
    expect(await secrets.get()).toEqual({ keys: json });
  });
});
