import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Metafile } from 'esbuild';

/** What a build gave: each file's name within the function's directory, and its text. */
export interface Built {
  readonly metafile: Metafile;
  readonly files: readonly { readonly name: string; readonly text: string }[];
}

/** Gives what was built of an entry, or builds it. */
export type BuildCache = (entry: string, build: () => Promise<Built>) => Promise<Built>;

interface Kept extends Built {
  /** What decides how the same sources are built. */
  readonly bundler: string;
  /** The contents of every source that went into it, hashed. */
  readonly sources: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Keeps what was built in a directory, one file for each entry, and gives it again as long as nothing that went into
 * it has changed: no source, no package, nothing of how we bundle. Twenty functions take ten seconds of two cores, and
 * nearly always it is another part of the app that has changed, if anything has.
 */
export function buildCache(directory: string): BuildCache {
  const hashes = new Map<string, Promise<string | undefined>>();
  const bundler = hashOfBundler();

  return async (entry, build) => {
    const file = join(directory, `${basename(entry, '.ts')}.json`);
    const kept = await read(file);
    if (kept && kept.bundler === (await bundler) && (await isUnchanged(kept))) return kept;
    const built = await build();
    await keep(file, { ...built, bundler: await bundler, sources: await hashesOf(sourcesOf(built)) });
    return built;
  };

  async function isUnchanged(kept: Kept): Promise<boolean> {
    const now = await hashesOf(Object.keys(kept.sources));
    return Object.entries(kept.sources).every(([path, hash]) => now[path] === hash);
  }

  async function hashesOf(paths: readonly string[]): Promise<Record<string, string>> {
    const all = await Promise.all(paths.map(async (path) => [path, (await hashOf(path)) ?? 'gone'] as const));
    return Object.fromEntries(all);
  }

  /** Functions share most of their sources: each is read once. */
  function hashOf(path: string): Promise<string | undefined> {
    const known = hashes.get(path);
    if (known) return known;
    const hash = readFile(path).then(hashOfText, () => undefined);
    hashes.set(path, hash);
    return hash;
  }
}

/** Those that are files; of the others (`namespace:…`) a plugin of ours is the source. */
function sourcesOf({ metafile }: Built): readonly string[] {
  return Object.keys(metafile.inputs).filter((path) => !/^[\w-]+:/.test(path));
}

/** Our plugins and options, the packages that are installed, and what esbuild reads besides. */
async function hashOfBundler(): Promise<string> {
  const ours = dirname(fileURLToPath(import.meta.url));
  const files = [
    ...(await readdir(ours)).toSorted().map((name) => join(ours, name)),
    ...['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.base.json'].map((name) =>
      join(root, name),
    ),
  ];
  return hashOfText((await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\0'));
}

function hashOfText(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('base64url');
}

/** One that was half written, or by another version, is none. */
async function read(file: string): Promise<Kept | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Kept;
  } catch {
    return undefined;
  }
}

/** Whole, or not at all: two builds may run side by side. */
async function keep(file: string, kept: Kept): Promise<void> {
  const unfinished = `${file}.${randomUUID()}`;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(unfinished, JSON.stringify(kept));
  await rename(unfinished, file);
}
