import { afterEach, expect, test, vi } from 'vitest';
import { readConfig } from '../../../client/src/service/config.ts';

afterEach(() => vi.restoreAllMocks());

test('gives up on an address that never answers, for whoever waits to try again', async () => {
  const deadline = new AbortController();
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(deadline.signal);
  vi.spyOn(globalThis, 'fetch').mockImplementation((_url, { signal } = {}) => {
    const { promise, reject } = Promise.withResolvers<Response>();
    signal?.addEventListener('abort', () => reject(signal.reason));
    return promise;
  });
  const reading = readConfig('https://tv.example/config.json');
  deadline.abort(new DOMException('It has timed out', 'TimeoutError'));
  await expect(reading).rejects.toThrow('timed out');
  expect(timeout).toHaveBeenCalledWith(15_000);
});

test('takes the address of the API without a slash at its end', async () => {
  vi.spyOn(globalThis, 'fetch').mockResolvedValue(Response.json({ apiUrl: 'https://api.example/dev/' }));
  expect(await readConfig('https://tv.example/config.json')).toEqual({ apiUrl: 'https://api.example/dev' });
});

test('refuses an address that is none', async () => {
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json({ apiUrl: '/dev' }));
  await expect(readConfig('https://tv.example/config.json')).rejects.toThrow('URL');
});
