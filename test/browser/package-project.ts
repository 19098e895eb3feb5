import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../..', import.meta.url));

export interface PackageManifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** An application of somebody else's that uses the packed library. */
export interface Project {
  /** Where the library is in it. */
  readonly library: string;
  /** The library's `package.json`, as packed. */
  readonly manifest: PackageManifest;
  write(path: string, text: string): Promise<void>;
  /** What the compiler says against it; nothing when all is well. */
  typeErrors(options: Readonly<Record<string, string>>): Promise<string>;
  /** Gives the directory of the page. @throws Error */
  build(): Promise<string>;
  remove(): Promise<void>;
}

/**
 * Packs `client/` as it would be published, and puts that into an empty project. `npm install` of the tarball would ask
 * a registry for its dependencies, and tests do without a network: so it is unpacked where npm would unpack it, and
 * the dependencies that it names, no others, are linked beside it.
 */
export async function newProject(): Promise<Project> {
  const root = await mkdtemp(join(tmpdir(), 'usher-package-'));
  const modules = join(root, 'node_modules');
  const library = join(modules, 'usher-client');
  await mkdir(library, { recursive: true });
  await run('tar', ['-xzf', await pack(root), '-C', library, '--strip-components=1']);
  const manifest = JSON.parse(await readFile(join(library, 'package.json'), 'utf8')) as PackageManifest;
  for (const name of Object.keys(manifest.dependencies)) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(repository, 'node_modules', name), join(modules, name), 'dir');
  }

  return {
    library,
    manifest,
    async write(path, text) {
      const file = join(root, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    },
    async typeErrors(options) {
      const tsc = join(repository, 'node_modules/typescript/bin/tsc');
      const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
      const compiling = run(process.execPath, [tsc, '--noEmit', '-p', '.', ...flags], { cwd: root });
      const { stdout } = await compiling.catch((error: { readonly stdout: string }) => error);
      return stdout;
    },
    async build() {
      await build({ root, configFile: false, logLevel: 'silent' });
      return join(root, 'dist');
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

/** Gives the tarball. Packing builds, so that happens in a copy: whoever works in `client/` keeps what lies there. */
async function pack(root: string): Promise<string> {
  const copy = join(root, 'usher');
  for (const path of ['client', 'shared/domain', 'tsconfig.base.json']) {
    await cp(join(repository, path), join(copy, path), {
      recursive: true,
      filter: (source) => !source.endsWith('client/dist'),
    });
  }
  await symlink(join(repository, 'node_modules'), join(copy, 'node_modules'), 'dir');
  await run('npm', ['pack', '--pack-destination', root], { cwd: join(copy, 'client') });
  const tarball = (await readdir(root)).find((name) => name.endsWith('.tgz'));
  return join(root, tarball!);
}

/** What the page's scripts weigh on the way to a browser, each compressed by itself, in bytes by name. */
export async function weighScripts(directory: string): Promise<ReadonlyMap<string, number>> {
  const names = await readdir(directory, { recursive: true });
  const scripts = names.filter((name) => name.endsWith('.js'));
  const weights = scripts.map(async (name) => {
    const text = await readFile(join(directory, name));
    return [basename(name), gzipSync(text, { level: 9 }).length] as const;
  });
  return new Map(await Promise.all(weights));
}
