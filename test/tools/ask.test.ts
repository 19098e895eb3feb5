import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { asker, saysYes, type Question } from '../../tools/ask.ts';

const key: Question = { name: 'momento-data-key', prompt: 'Key', secret: true };
const endpoint: Question = { name: 'momento-endpoint', prompt: 'Endpoint', secret: false };

/** A terminal, and the screen that shows what is written to it. */
function terminal() {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = new PassThrough();
  let screen = '';
  output.on('data', (chunk: Buffer) => (screen += chunk.toString()));
  return { input, output, screen: () => screen };
}

function piped(text: string) {
  const input = new PassThrough();
  input.end(text);
  return asker({ input, output: new PassThrough() });
}

test('what is typed for a secret stays off the screen, and what is none is shown', async () => {
  const { input, output, screen } = terminal();
  const ask = asker({ input, output });
  const typed = ask(key);
  input.write('s3cret\r');
  expect(await typed).toBe('s3cret');
  const next = ask(endpoint);
  input.write('cell-1.example\r');
  expect(await next).toBe('cell-1.example');
  expect(screen()).toContain('Key: ');
  expect(screen()).toContain('cell-1.example');
  expect(screen()).not.toContain('s3cret');
});

test('an empty answer is asked for again', async () => {
  const { input, output, screen } = terminal();
  const typed = asker({ input, output })(key);
  input.write('\r');
  await expect.poll(() => screen().match(/Key: /g)).toHaveLength(2);
  input.write(' typed \r');
  expect(await typed).toBe('typed');
});

test('Ctrl-C at a question stops the command', async () => {
  const { input, output } = terminal();
  const typed = asker({ input, output })(key);
  input.write('\u0003');
  await expect(typed).rejects.toThrow('Stopped.');
});

test('without a terminal the answers are lines of the standard input, in any order', async () => {
  const ask = piped('\nmomento-data-key=a=b==\nmomento-endpoint=cell-1.example\n');
  expect([await ask(endpoint), await ask(key)]).toEqual(['cell-1.example', 'a=b==']);
});

test('a line that is missing is named, and one that is none is counted, not quoted', async () => {
  await expect(piped('momento-endpoint=cell-1.example')(key)).rejects.toThrow('no line momento-data-key=…');
  const refusal = await piped('momento-endpoint=x\ns3cret\n')(key).catch(String);
  expect(refusal).toContain('Line 2 of the standard input is not name=value');
  expect(refusal).not.toContain('s3cret');
});

test('only a yes is a yes, and nobody says it without a terminal', async () => {
  for (const [answer, yes] of [
    ['y', true],
    ['Yes', true],
    ['', false],
    ['yesterday', false],
  ] as const) {
    const { input, output } = terminal();
    const said = saysYes({ input, output }, 'Go on?');
    input.write(`${answer}\r`);
    expect(await said).toBe(yes);
  }
  expect(await saysYes({ input: new PassThrough(), output: new PassThrough() }, 'Go on?')).toBe(false);
});
