import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import Stripe from 'stripe';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleOptions } from '../../../lib/bundling/bundle-functions.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'usher-stripe-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('what a function bundles of Stripe’s library verifies what Stripe’s library signs, and is 16 KB of its 240', async () => {
  const outfile = join(directory, 'bundle.mjs');
  const { metafile } = await build({
    ...bundleOptions(),
    stdin: { contents: "export { default } from 'stripe';", resolveDir: import.meta.dirname },
    outfile,
  });
  expect(metafile!.outputs[Object.keys(metafile!.outputs)[0]!]!.bytes).toBeLessThan(20_000);
  expect(Object.keys(metafile!.inputs).join()).not.toContain('resources');

  const { default: bundled } = (await import(pathToFileURL(outfile).href)) as { default: typeof Stripe };
  const payload = '{"id":"evt_1"}';
  const secret = 'whsec_x';
  const header = Stripe.webhooks.generateTestHeaderString({ payload, secret });
  expect(bundled.webhooks.signature!.verifyHeader(payload, header, secret)).toBe(true);
  expect(() => bundled.webhooks.signature!.verifyHeader(`${payload} `, header, secret)).toThrow(
    /No signatures/,
  );
});
