import { expect, test } from 'vitest';
import { Throttled, Unavailable } from '../../../shared/errors.ts';
import { KeyRefused } from '../../../shared/momento/errors.ts';
import { rotatingClient } from '../../../shared/momento/rotating-client.ts';
import { fakeSecrets } from '../../support/secrets.ts';
import { fakeClock } from '../../support/world.ts';

function world() {
  const now = fakeClock();
  const secrets = fakeSecrets({ key: 'first', endpoint: 'momento.example' });
  let built = 0;
  const momento = rotatingClient(secrets, ({ key }) => `${key}#${++built}`, now);
  /** Runs an operation that fails as told, once for each error, and returns the clients that it was run on. */
  async function use(...errors: readonly Error[]): Promise<readonly string[]> {
    const used: string[] = [];
    const left = [...errors];
    await momento.use(async (client) => {
      used.push(client);
      const error = left.shift();
      if (error) throw error;
    });
    return used;
  }
  return { now, secrets, use };
}

test('a client is used again as long as its key is in force', async () => {
  const { use } = world();
  expect([await use(), await use()]).toEqual([['first#1'], ['first#1']]);
});

test('a rotated key is fetched when the old one is refused, and the operation tried once more', async () => {
  const { use, secrets } = world();
  await use();
  secrets.rotate({ key: 'second', endpoint: 'momento.example' });
  expect((await use(new KeyRefused('refused'))).at(-1)).toMatch(/^second#/);
});

test('a connection that died while nothing was running is replaced, and the operation tried once more', async () => {
  const { use, now } = world();
  await use();
  now.advance(60_000);
  expect(await use(new Unavailable('no answer'))).toEqual(['first#1', 'first#2']);
  expect(await use()).toEqual(['first#2']);
});

test('while Momento is down a connection that was just made is not replaced again', async () => {
  const { use, now } = world();
  await use();
  now.advance(60_000);
  await expect(use(new Unavailable('down'), new Unavailable('down'))).rejects.toThrow('down');
  await expect(use(new Unavailable('down'))).rejects.toThrow('down');
  expect(await use()).toEqual(['first#2']);
});

test('a quota that is used up is no reason for a new connection, nor is a fault of ours', async () => {
  const { use, now } = world();
  await use();
  now.advance(60_000);
  await expect(use(new Throttled('slow down'))).rejects.toThrow('slow down');
  await expect(use(new TypeError('bug'))).rejects.toThrow('bug');
  expect(await use()).toEqual(['first#1']);
});
