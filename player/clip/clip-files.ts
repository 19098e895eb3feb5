import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ClipPlan, DEMO_CLIP } from './clip-plan.ts';
import { makeClip, type Progress } from './make-clip.ts';

const sources = fileURLToPath(new URL('.', import.meta.url));
const packages = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** What else decides how the clip turns out. */
const TOOLS = ['h264-mp4-encoder', 'mediabunny'];

/**
 * The demo clip's files by path: `/clip/main.m3u8`, and what it leads to. The first call makes it, in some seconds;
 * later ones find it in node_modules, until this folder's code or one of its tools changes.
 * @param report hears how far it is, 0 to 1; never called when the clip was there.
 */
export async function clipFiles(
  report?: Progress,
  plan = DEMO_CLIP,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = await keptClip({ directory: join(packages, '.cache'), plan }, report);
  return new Map([...files].map(([name, contents]) => [`/clip/${name}`, contents]));
}

/** A clip's files by name: those kept in the directory, or new ones, kept from then on. */
export async function keptClip(
  { directory, plan }: { readonly directory: string; readonly plan: ClipPlan },
  report?: Progress,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const kept = join(directory, `clip-${await fingerprint(plan)}`);
  if (!existsSync(kept)) await keep(kept, await makeClip(plan, report));
  const names = await readdir(kept);
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(kept, name))] as const)),
  );
}

/** Written into a draft and then renamed, so that nobody finds half a clip; the first of two that make it wins. */
async function keep(kept: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  await mkdir(join(kept, '..'), { recursive: true });
  const draft = await mkdtemp(`${kept}.`);
  try {
    await Promise.all([...files].map(([name, contents]) => writeFile(join(draft, name), contents)));
    await rename(draft, kept);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(kept)) throw error;
  }
}

async function fingerprint(plan: ClipPlan): Promise<string> {
  const code = (await readdir(sources)).filter((name) => name.endsWith('.ts')).toSorted();
  const inputs = [
    ...code.map((name) => join(sources, name)),
    ...TOOLS.map((name) => join(packages, name, 'package.json')),
  ];
  const hash = createHash('sha256').update(JSON.stringify(plan));
  for (const input of inputs) hash.update(await readFile(input));
  return hash.digest('hex').slice(0, 16);
}
