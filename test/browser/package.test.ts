import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLocal, type LocalStack } from '../../local/stack.ts';
import { buy, checkoutEvent, newViewer } from '../e2e/support.ts';
import { synthesized } from '../support/synthesized.ts';
import { launchChromium } from './chromium.ts';
import { newProject, weighScripts, type PackageManifest, type Project } from './package-project.ts';

/* The library as an application meets it: packed, unpacked beside its dependencies, compiled, bundled by Vite, run. */

const LARGEST_BYTES = 15 * 1024;

const readme = await readFile(new URL('../../client/README.md', import.meta.url), 'utf8');

/** Does nothing but follow an account and attach a video, and so weighs what the library weighs. */
const MAIN = `
import { createUsher } from 'usher-client';
import { currentSession } from './sign-in.js';

const usher = createUsher({
  configUrl: '/config.json',
  idToken: async ({ renewed }) => (await currentSession({ refresh: renewed }))!.idToken,
});
const [start] = document.getElementsByTagName('button');
const [connection, held, playing] = document.getElementsByTagName('output');
usher.on('connection', (state) => { connection!.value = state; });
usher.on('entitlements', ({ now }) => {
  const entitlements = now.standing === 'unknown' ? [] : now.snapshot.entitlements;
  held!.value = entitlements.map(({ productId }) => productId).join(' ');
});
start!.onclick = () => usher.start();
const [video] = document.getElementsByTagName('video');
usher.attach(video!, { contentId: 'harbour' }).on('change', ({ kind }) => { playing!.value = kind; });
`;

/** The content policy that the library's README names, on a page that allows nothing else. */
const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta
      http-equiv="Content-Security-Policy"
      content="default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self' http://127.0.0.1:*; img-src data:"
    />
    <title>The packed library</title>
    <link rel="icon" href="data:," />
    <script type="module" src="/src/main.ts"></script>
  </head>
  <body>
    <button>Start</button>
    <output></output>
    <output></output>
    <output></output>
    <video></video>
  </body>
</html>
`;

/** The host application's own, which a test fills in. */
const SIGN_IN = `
interface Session { readonly idToken: string }
export async function currentSession(_asked: { readonly refresh: boolean }): Promise<Session | undefined> {
  return (globalThis as { session?: Session }).session;
}
`;

/** Compiles if the README lists every event, and none that is not there. */
const EVENTS = `
import type { UsherEvents, VideoEvents } from 'usher-client';
export const ofUsher: Record<keyof UsherEvents, true> = ${listedUnder('Event of `usher`')};
export const ofPlayback: Record<keyof VideoEvents, true> = ${listedUnder('Event of `playback`')};
`;

const TSCONFIG = {
  compilerOptions: {
    target: 'es2023',
    lib: ['es2023', 'dom', 'dom.iterable'],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipDefaultLibCheck: true,
    skipLibCheck: false, // the library's declarations are what is tried
  },
  include: ['src'],
};

const root = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

let project: Project;
let built: string;

beforeAll(async () => {
  project = await newProject();
  await project.write('package.json', JSON.stringify({ private: true, type: 'module' }));
  await project.write('tsconfig.json', JSON.stringify(TSCONFIG));
  await project.write('index.html', PAGE);
  await project.write('src/main.ts', MAIN);
  await project.write('src/sign-in.ts', SIGN_IN);
  await project.write('src/readme.ts', codeOf(readme));
  await project.write('src/events.ts', EVENTS);
  built = await project.build();
});
afterAll(() => project?.remove());

/** The README's blocks of TypeScript, one after the other: they make one program. */
function codeOf(markdown: string): string {
  const blocks = [...markdown.matchAll(/^```ts\n(?<code>[\s\S]*?)\n```$/gm)];
  return blocks.map(({ groups }) => groups!['code']!).join('\n');
}

/** The names in the README's table of this heading, as the keys of an object. */
function listedUnder(heading: string): string {
  const table = readme.slice(readme.indexOf(`| ${heading} |`)).split('\n\n', 1)[0]!;
  const names = [...table.matchAll(/^\| `(?<name>\w+)` \|/gm)].map(({ groups }) => groups!['name']!);
  return JSON.stringify(Object.fromEntries(names.map((name) => [name, true])));
}

describe('the packed library', () => {
  test('holds its own code, declarations, README and licence, and nothing besides', async () => {
    const names = await readdir(project.library, { recursive: true, withFileTypes: true });
    const files = names
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(project.library.length + 1));
    expect(files.filter((name) => !name.startsWith('dist/types/')).toSorted()).toEqual([
      'LICENSE',
      'README.md',
      'dist/index.js',
      'dist/index.js.map',
      'dist/momento-sdk.js',
      'dist/momento-sdk.js.map',
      'dist/timer-worker.js',
      'dist/timer-worker.js.map',
      'package.json',
    ]);
    const map = await readFile(join(project.library, 'dist/index.js.map'), 'utf8');
    const { sources } = JSON.parse(map) as { readonly sources: readonly string[] };
    expect(sources.filter((path) => !/^\.\.\/(src|\.\.\/shared\/domain)\//.test(path))).toEqual([]);
    const licences = ['../../LICENSE', '../../client/LICENSE'].map((path) => new URL(path, import.meta.url));
    const [ours, packed] = await Promise.all(licences.map((path) => readFile(path, 'utf8')));
    expect(packed).toBe(ours);
  });

  test('has declarations that name each other as any compiler finds them', async () => {
    const directory = join(project.library, 'dist/types');
    const paths = (await readdir(directory, { recursive: true })).filter((path) => path.endsWith('.d.ts'));
    const missing: string[] = [];
    for (const path of paths) {
      const text = await readFile(join(directory, path), 'utf8');
      for (const [, named] of text.matchAll(/(?:from |import\()'(\.[^']+)'/g)) {
        const declared = join(dirname(path), named!.replace(/\.js$/, '.d.ts'));
        if (!paths.includes(declared)) missing.push(`${path}: ${named}`);
      }
    }
    expect(missing).toEqual([]);
  });

  test('asks for exactly what it is developed with', () => {
    const developedWith: PackageManifest['dependencies'] = { ...root.devDependencies, ...root.dependencies };
    const names = Object.keys(project.manifest.dependencies);
    expect(project.manifest.dependencies).toEqual(
      Object.fromEntries(names.map((name) => [name, developedWith[name]])),
    );
  });

  test.for(['bundler', 'nodenext'])(
    'is typed, and so is what its README shows, where modules are found as by %s',
    async (moduleResolution) => {
      const module = moduleResolution === 'bundler' ? 'esnext' : moduleResolution;
      expect(await project.typeErrors({ module, moduleResolution })).toBe('');
    },
  );

  test('can be imported where there is no browser, as by a server that renders pages', async () => {
    const library: unknown = await import(join(project.library, 'dist/index.js'));
    expect(library).toMatchObject({ createUsher: expect.any(Function) });
  });

  test('keeps in the browser what its README names, under these names', async () => {
    const code = await readFile(join(project.library, 'dist/index.js'), 'utf8');
    const keys = [...code.matchAll(/["'`](?<key>usher\.\w+)[."'`]/g)].map(({ groups }) => groups!['key']!);
    expect(keys).not.toEqual([]);
    expect(keys.filter((key) => !readme.includes(key))).toEqual([]);
  });

  test('weighs 15 KB at most with all that it needs but Momento’s SDK, and what its README says', async () => {
    const scripts = [...(await weighScripts(built))];
    const isSdk = ([name]: readonly [string, number]) => name.startsWith('momento-sdk-');
    expect(scripts.filter(isSdk)).toHaveLength(1);
    const bytes = scripts.filter((script) => !isSdk(script)).reduce((sum, [, weight]) => sum + weight, 0);
    expect(bytes).toBeLessThanOrEqual(LARGEST_BYTES);
    const told = Number(/\*\*(?<kilobytes>[\d.]+) KB\*\* gzipped/.exec(readme)?.groups?.['kilobytes']);
    const kilobytes = bytes / 1024;
    expect(Math.abs(told / kilobytes - 1), `README.md has to say ${kilobytes.toFixed(1)} KB`).toBeLessThan(
      0.04,
    );
  });
});

describe('a page that Vite has built', () => {
  let browser: Browser;
  let stack: LocalStack;

  beforeAll(async () => {
    const { assembly, playerPort } = synthesized();
    browser = await launchChromium();
    stack = await startLocal({ assembly, playerDir: built, ports: { player: playerPort } });
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });

  test('keeps time in a worker, and loads Momento’s SDK when it starts to listen, not before', async () => {
    const viewer = await newViewer(stack);
    const page = await browser.newPage();
    const complaints: string[] = [];
    const asked: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.addInitScript(
      (token) => Object.assign(globalThis, { session: { idToken: token } }),
      viewer.idToken,
    );
    const worker = page.waitForEvent('worker');
    await page.goto(stack.playerUrl);

    expect(new URL((await worker).url()).pathname).toMatch(/^\/assets\/timer-worker-.+\.js$/);
    expect(sdkIn(asked)).toEqual([]);

    await page.getByRole('button').click();
    await saysOf(page, 0, 'live');
    expect(sdkIn(asked)).toHaveLength(1);

    await buy(stack, checkoutEvent(viewer.accountId));
    await saysOf(page, 1, 'premium');

    await page.locator('video').evaluate((video) => void (video as unknown as { play(): unknown }).play());
    await saysOf(page, 2, 'playing');
    expect(complaints).toEqual([]);
  });
});

const sdkIn = (paths: readonly string[]) => paths.filter((path) => path.includes('momento-sdk'));

/** Resolves when one of the page's outputs says this word. */
async function saysOf(page: Page, output: number, word: string): Promise<void> {
  await page.getByRole('status').nth(output).filter({ hasText: word }).waitFor();
}
