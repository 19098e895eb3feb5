import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));
let copy: string;

beforeEach(async () => {
  copy = await mkdtemp(join(tmpdir(), 'usher-synth-'));
  for (const part of ['bin', 'lib', 'shared', 'functions', 'package.json', 'catalog.json']) {
    await cp(join(repository, part), join(copy, part), { recursive: true });
  }
  await symlink(join(repository, 'node_modules'), join(copy, 'node_modules'));
});
afterEach(() => rm(copy, { recursive: true, force: true }));

test('synth refuses a product whose message would exceed 1 KB, and names it', async () => {
  const file = join(copy, 'catalog.json');
  const catalog = JSON.parse(await readFile(file, 'utf8')) as { products: { grants: string[] }[] };
  catalog.products[1]!.grants.push(
    ...Array.from({ length: 40 }, (_, index) => `a-long-tag-to-grant-${index}`),
  );
  await writeFile(file, JSON.stringify(catalog));
  const synth = promisify(execFile)(process.execPath, ['bin/usher.ts'], {
    cwd: copy,
    env: { ...process.env, CDK_OUTDIR: join(copy, 'cdk.out'), CDK_CONTEXT_JSON: '{"stageName":"dev"}' },
  });
  await expect(synth).rejects.toThrow(/a message about 'premium' can take \d+ bytes, more than 1024/);
});
