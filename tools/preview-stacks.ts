/**
 * Names the stacks of pull requests, one a line, for the workflows that take them down. See docs/environments.md.
 *
 *     node tools/preview-stacks.ts --of owner/repository/12 stacks.json
 *     node tools/preview-stacks.ts --of owner/repository --without open.json stacks.json
 *
 * `stacks.json` is what `aws cloudformation describe-stacks` says, `open.json` what `gh pr list --json number` does.
 * It needs nothing installed: those workflows run no package's code.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { previewStacks, type Described, type Numbered } from './preview-stack-names.ts';

const { values, positionals } = parseArgs({
  options: { of: { type: 'string' }, without: { type: 'string' } },
  allowPositionals: true,
});
const [stacks = ''] = positionals;
const names = previewStacks(json(stacks) as Described, {
  of: values.of ?? '',
  ...(values.without !== undefined && { open: json(values.without) as readonly Numbered[] }),
});
for (const name of names) console.log(name);

function json(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
