import { expect, test } from 'vitest';
import { WrongUsage } from '../../tools/command.ts';
import { redriveDeadLetters } from '../../tools/redrive-dead-letters.ts';
import { queues } from './queues.ts';

const world = queues();
const purchase = (accountId: string, id = `evt-${accountId}`) =>
  JSON.stringify({ kind: 'purchase', event: { id, accountId, token: 's3cret' }, catalogVersion: '1' });

interface Circumstances {
  readonly yes?: boolean;
  readonly interrupted?: AbortSignal;
  readonly hear?: (line: string) => unknown;
}

/** Everything that the command says. */
async function redrive(
  line: string,
  { yes = false, interrupted = new AbortController().signal, hear = () => {} }: Circumstances = {},
): Promise<string> {
  const said: string[] = [];
  const command = redriveDeadLetters({ saysYes: async () => yes, interrupted, longPollSeconds: 0 });
  await command(line.split(' '), (text) => {
    said.push(text);
    hear(text);
  });
  return said.join('\n');
}

/** What makes a function die, what is malformed, and what another catalogue may know. */
async function putAsideOneOfEach(): Promise<void> {
  await world.putAside(purchase('ada'));
  await world.putAside('s3cret', 'Malformed: the message is not JSON');
  await world.putAside(purchase('bob'), "UnknownProduct: the catalogue sells no product 'gone'");
  await world.putAside(JSON.stringify({ kind: 'recompute', accountId: 'cy' }), 'TypeError: x is undefined');
}

test('it shows what lies there by reason, with ids and nothing else, and moves nothing without a yes', async () => {
  await putAsideOneOfEach();
  const said = await redrive('dev');
  expect(said).toContain("4 messages in the dead-letter queue of 'dev'");
  expect(said).toMatch(
    /1 no-reason \(go back; .*it made the function itself fail, ten times\n {4}\S+ account ada event evt-ada/,
  );
  expect(said).toMatch(/1 Malformed \(stay; .*Malformed: the message is not JSON/);
  expect(said).toMatch(/1 TypeError \(go back; .*TypeError: x is undefined\n {4}\S+ account cy/);
  expect(said).toContain('--yes');
  expect(said).not.toContain('s3cret');
  expect(await world.drain('checkout')).toEqual([]);
  expect(await world.drain('checkout-dead-letters')).toHaveLength(4);
});

test('after a yes it sends back what may take effect now, without the reasons, and keeps what is wrong in itself', async () => {
  await putAsideOneOfEach();
  expect(await redrive('dev', { yes: true })).toContain('2 messages sent back');
  expect(await world.deadLetters()).toBe(2);
  expect(await world.drain('checkout')).toEqual([
    purchase('ada'),
    JSON.stringify({ kind: 'recompute', accountId: 'cy' }),
  ]);
  expect(await world.drain('checkout-dead-letters')).toEqual(['s3cret', purchase('bob')].toSorted());
});

test('named by reason or by id, exactly those go back, wrong in themselves or not', async () => {
  await putAsideOneOfEach();
  await redrive('dev --yes --only UnknownProduct');
  expect(await world.drain('checkout')).toEqual([purchase('bob')]);
  const [, id = ''] = /ten times\n {4}(\S+)/.exec(await redrive('dev')) ?? [];
  await redrive(`dev --yes --only ${id}`);
  expect(await world.drain('checkout')).toEqual([purchase('ada')]);
  await expect(redrive('dev --yes --only TypeErr')).rejects.toThrow(
    /None of the messages is TypeErr: .* (Malformed, TypeError|TypeError, Malformed)/,
  );
  await expect(redrive('dev --yes --only Malformed,')).rejects.toThrow(WrongUsage);
  expect(await world.drain('checkout-dead-letters')).toHaveLength(2);
});

test('what is no id of ours is not shown: it could write anything to a terminal', async () => {
  await world.putAside(purchase('\u001b[2Jada', 'evt\n1'));
  const said = await redrive('dev');
  expect(said).toMatch(/ {4}[\da-f-]{36}$/m);
  expect(said).not.toContain('\u001b');
});

test('a report that nobody could map stays until it is asked for, when the catalogue knows its price', async () => {
  const report = JSON.stringify({
    kind: 'payment',
    provider: 'stripe',
    report: { id: 'evt_1', type: 's3cret' },
  });
  await world.putAside(report, 'no product has the price price_1');
  const said = await redrive('dev --yes');
  expect(said).toMatch(/1 unmapped \(stay; .*: no product has the price price_1\n {4}\S+ event evt_1/);
  expect(said).not.toContain('s3cret');
  await redrive('dev --yes --only unmapped');
  expect(await world.drain('checkout')).toEqual([report]);
});

test('Ctrl-C between two batches loses nothing: some are in one queue, the others in the other', async () => {
  for (let n = 0; n < 25; n++) await world.putAside(purchase(`account-${n}`));
  const controller = new AbortController();
  const hear = (line: string) => line.includes('10 of 25') && controller.abort();
  await expect(redrive('dev --yes', { interrupted: controller.signal, hear })).rejects.toThrow(
    'Stopped: 10 of 25 messages sent back; the others lie where they lay.',
  );
  expect(await world.deadLetters()).toBe(15);
  expect(await world.drain('checkout')).toHaveLength(10);
  expect(await world.drain('checkout-dead-letters')).toHaveLength(15);
});

test('an empty queue, and a stage that is not deployed, are told as that', async () => {
  expect(await redrive('dev')).toBe("No message lies in the dead-letter queue of 'dev'.");
  await expect(redrive('prod')).rejects.toThrow('there is no queue usher-prod-checkout-dead-letters');
});
