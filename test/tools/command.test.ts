import { afterEach, expect, test, vi } from 'vitest';
import { Complaint, runCommand, WrongUsage } from '../../tools/command.ts';

const argv = process.argv;
afterEach(() => {
  process.argv = argv;
  vi.restoreAllMocks();
});

/** What a command that ends in this way tells, and its exit code. */
async function ran(args: readonly string[], failure?: Error) {
  process.argv = ['node', 'tools/setup.ts', ...args];
  const told = { out: [] as unknown[], err: [] as unknown[] };
  vi.spyOn(console, 'log').mockImplementation((line) => void told.out.push(line));
  vi.spyOn(console, 'error').mockImplementation((line) => void told.err.push(line));
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
  await runCommand('usage', async () => {
    if (failure) throw failure;
  });
  return { code: exit.mock.lastCall?.[0], ...told };
}

test('a command asked for --help tells its usage and does nothing', async () => {
  expect(await ran(['dev', '--help'], new Error('it ran'))).toEqual({
    code: 0,
    out: ['usage'],
    err: [],
  });
});

test('a command ends with 0 when it is done, 1 when something is in its way, and 2 when it was called wrongly', async () => {
  expect(await ran(['dev'])).toEqual({ code: 0, out: [], err: [] });
  expect(await ran(['dev'], new Complaint('no key'))).toEqual({ code: 1, out: [], err: ['no key'] });
  expect(await ran([], new WrongUsage('Say which stage.'))).toEqual({
    code: 2,
    out: [],
    err: ['Say which stage.', '\nusage'],
  });
});
