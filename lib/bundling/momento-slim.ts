import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { Plugin } from 'esbuild';
import { traceBarrel, type Home } from './trace-barrel.ts';

const require = createRequire(import.meta.url);
const MODULE = /[\\/]@gomomento[\\/](sdk|sdk-core|generated-types)[\\/]dist[\\/].*\.js$/;
const BARREL = /[\\/]@gomomento[\\/](sdk|sdk-core|generated-types)[\\/]dist[\\/](src[\\/])?index\.js$/;
const REQUIRE = /^(?:const|var) (?<variable>\w+) = require\("(?<specifier>[^"]+)"\);$/gm;

/**
 * An esbuild plugin that bundles of Momento's SDK what a function uses.
 *
 * The SDK's modules reach each other through three CommonJS barrels (the index files of sdk, sdk-core and
 * generated-types), and esbuild cannot shake CommonJS: any import brings it all. Here every import of a barrel, in
 * our code and in the SDK's, becomes an import of the files that define what is named, loaded when first used.
 * Nothing else is changed and nothing is stubbed. A new version of the SDK that cannot be followed in this way fails
 * the build, rather than quietly growing every bundle again.
 */
export function momentoSlim(): Plugin {
  return {
    name: 'momento-slim',
    setup(build) {
      build.onResolve({ filter: /^@gomomento\/sdk$/ }, ({ kind }) =>
        kind === 'import-statement'
          ? { path: require.resolve('@gomomento/sdk'), namespace: 'momento-slim', sideEffects: false }
          : undefined,
      );
      build.onLoad({ filter: /.*/, namespace: 'momento-slim' }, ({ path }) => ({
        contents: reExports(path),
        resolveDir: dirname(path),
      }));
      build.onResolve({ filter: /^momento-slim-whole:/ }, ({ path }) => ({
        path: path.replace('momento-slim-whole:', ''),
        namespace: 'momento-slim-whole',
        sideEffects: false,
      }));
      // The re-exports name files by path. Unused ones are dropped only when they are known to do nothing by themselves.
      build.onResolve({ filter: MODULE }, ({ path, namespace }) =>
        namespace.startsWith('momento-slim') ? { path, sideEffects: false } : undefined,
      );
      build.onLoad({ filter: /.*/, namespace: 'momento-slim-whole' }, ({ path }) => ({
        contents: `import * as whole from ${JSON.stringify(path)}; export { whole };`,
        resolveDir: dirname(path),
      }));
      build.onLoad({ filter: MODULE }, async ({ path }) => ({
        contents: bypassBarrels(path, await readFile(path, 'utf8')),
      }));
    },
  };
}

/** The barrel as an ES module, of which esbuild keeps the names that our code imports. */
function reExports(barrel: string): string {
  const lines = [...traceBarrel(barrel)].map(([name, { file, property }]) => {
    // `export * as name` would say the same of a whole module, but esbuild never drops that of a CommonJS one.
    const from = property === undefined ? `momento-slim-whole:${file}` : file;
    return `export { ${property ?? 'whole'} as ${name} } from ${JSON.stringify(from)};`;
  });
  return lines.join('\n');
}

/** The text of a module of the SDK, with each `require` of a barrel in the place of which the definers are required. */
function bypassBarrels(path: string, text: string): string {
  const { resolve } = createRequire(path);
  // Comments name variables too, and the inline source map alone is longer than the module.
  const source = text.replace(/^\/\/# sourceMappingURL=.*$/m, '');
  return source.replaceAll(REQUIRE, (line: string, variable: string, specifier: string) => {
    const barrel = resolve(specifier);
    if (!BARREL.test(barrel) || barrel === path) return line;
    const homes = traceBarrel(barrel);
    const getters = membersOf(variable, source.replace(line, '')).map((name) => {
      const home = homes.get(name ?? '');
      if (home !== undefined) return `get ${name}() { return ${requireOf(home)}; }`;
      throw new Error(
        `momento-slim cannot follow ${name ?? `all of ${variable}`} of ${specifier}, used in ${path}`,
      );
    });
    return `const ${variable} = { ${getters.join(', ')} };`;
  });
}

/** The members of `variable` that `source` uses, each once; undefined stands for a use of the variable itself. */
function membersOf(variable: string, source: string): readonly (string | undefined)[] {
  const uses = source.matchAll(new RegExp(`(?<![\\w$.])${variable}\\b(?:\\.(\\w+))?`, 'g'));
  return [...new Set([...uses].map(([, member]) => member))];
}

function requireOf({ file, property }: Home): string {
  const module = `require(${JSON.stringify(file)})`;
  return property === undefined ? module : `${module}.${property}`;
}
