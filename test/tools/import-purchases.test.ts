import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WrongUsage } from '../../tools/command.ts';
import { importPurchases } from '../../tools/import-purchases.ts';
import { catalogOf, product } from '../support/catalogs.ts';
import { queues } from './queues.ts';

const world = queues();
const catalog = catalogOf([product()]);
const nowMs = Date.parse('2026-11-22T10:00:00.000Z');

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'usher-import-'));
  file = join(directory, 'purchases.jsonl');
});
afterEach(() => rm(directory, { recursive: true }));

const event = (n: number, changes: object = {}) => ({
  id: `evt-${n}`,
  occurredAt: '2026-01-01T00:00:00.000Z',
  accountId: `account-${n}`,
  purchaseId: `sub-${n}`,
  productId: 'premium',
  status: 'active',
  validFrom: '2026-01-01T00:00:00.000Z',
  validUntil: null,
  ...changes,
});
const events = (count: number) => Array.from({ length: count }, (_, n) => event(n));
const fill = (lines: readonly object[]) =>
  writeFile(file, lines.map((line) => JSON.stringify(line)).join('\n'));

interface Circumstances {
  readonly interrupted?: AbortSignal;
  readonly hear?: (line: string) => unknown;
  readonly pause?: (ms: number) => Promise<void>;
}

/** Everything that the command says. */
async function bringIn(
  options = '',
  { interrupted = new AbortController().signal, hear = () => {}, pause = async () => {} }: Circumstances = {},
): Promise<string> {
  const said: string[] = [];
  const command = importPurchases({ catalog, now: () => nowMs, pause, interrupted });
  await command(['dev', file, ...options.split(' ').filter(Boolean)], (text) => {
    said.push(text);
    hear(text);
  });
  return said.join('\n');
}

const queued = async () =>
  (await world.drain('checkout')).map(
    (body) => JSON.parse(body) as { event: { id: string; notify: boolean } },
  );

test('each event is queued as if it had just been reported, and is announced to nobody', async () => {
  await writeFile(
    file,
    `\uFEFF${JSON.stringify(event(1))}\r\n\n${JSON.stringify(event(2, { note: 'x' }))}\n`,
  );
  await bringIn();
  expect(await queued()).toEqual(
    [1, 2].map((n) => ({
      kind: 'purchase',
      event: { ...event(n), revision: 0, notify: false },
      catalogVersion: catalog.catalogVersion,
    })),
  );
});

test('told to, it has each announced as the event says', async () => {
  await fill([event(1), event(2, { notify: false })]);
  await bringIn('--notify');
  expect((await queued()).map(({ event: { notify } }) => notify)).toEqual([true, false]);
});

test('a file that is wrong anywhere is refused as a whole, with the numbers of its lines', async () => {
  const lines = [
    JSON.stringify(event(1)),
    '{"id": ',
    '',
    JSON.stringify(event(2, { productId: 'gone' })),
    JSON.stringify(event(3, { occurredAt: '2026-11-22T11:00:00.000Z' })),
    JSON.stringify(event(4, { status: 'cancelled' })),
  ];
  await writeFile(file, lines.join('\n'));
  const refusal = await bringIn().catch(String);
  expect(refusal).toContain('4 of 5 events are wrong, and nothing was sent');
  expect(refusal).toContain('line 2: it is not JSON');
  expect(refusal).toContain("line 4: the catalogue sells no product 'gone'");
  expect(refusal).toContain('line 5: occurredAt is more than 5 minutes ahead');
  expect(refusal).toMatch(/line 6: validUntil must say/);
  expect(await queued()).toEqual([]);
});

test('of many mistakes the first twenty are told, and how many more there are', async () => {
  await fill(events(30).map(({ id }) => ({ id })));
  await expect(bringIn()).rejects.toThrow(/line 20: .*\n {2}and 10 more$/);
});

test('stopped, it goes on where it was, and done, it sends nothing again unless the file is another', async () => {
  await fill(events(25));
  const controller = new AbortController();
  const hear = (line: string) => line.includes('10 of 25') && controller.abort();
  await expect(bringIn('', { interrupted: controller.signal, hear })).rejects.toThrow(
    'Stopped: 10 of 25 events sent. Run the same again to go on.',
  );
  expect(await queued()).toHaveLength(10);

  expect(await bringIn()).toContain('10 were sent before; going on.');
  expect((await queued()).map(({ event: { id } }) => id)).toEqual(
    events(25)
      .slice(10)
      .map(({ id }) => id)
      .toSorted(),
  );
  expect(await bringIn()).toContain('All were sent');
  expect(await queued()).toEqual([]);

  await writeFile(file, `${await readFile(file, 'utf8')}\n${JSON.stringify(event(99))}`);
  await bringIn();
  expect(await queued()).toHaveLength(26);
});

test('it sends no more a second than it is told', async () => {
  await fill(events(25));
  const pauses: number[] = [];
  const pause = async (ms: number) => void pauses.push(ms);
  await bringIn('--rate 5', { pause });
  expect(pauses).toEqual([2000, 2000]);
});

test('asked only to check, it needs no stage', async () => {
  await fill(events(3));
  const checked = importPurchases({
    catalog,
    now: () => nowMs,
    pause: async () => {},
    interrupted: new AbortController().signal,
  });
  const said: string[] = [];
  await checked(['not-deployed', file, '--check'], (line) => said.push(line));
  expect(said).toEqual([`3 events, all in order by the catalogue ${catalog.catalogVersion}.`]);
  await expect(checked(['not-deployed', file], () => {})).rejects.toThrow('is not deployed here');
});

test('no file, an empty one, a directory, and a wrong rate are told as that', async () => {
  await expect(bringIn()).rejects.toThrow('cannot be read: ENOENT');
  await writeFile(file, '\n\n');
  await expect(bringIn()).rejects.toThrow('holds no event');
  await expect(bringIn('--rate 0')).rejects.toThrow(WrongUsage);
  file = directory;
  await expect(bringIn()).rejects.toThrow('cannot be read: EISDIR');
});
