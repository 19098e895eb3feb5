import { describe, expect, it } from 'vitest';
import { bytesOf, momentoBytes, OWN_CODE, packageShares, readAtStart } from '../../bench/bundle-contents.ts';

function bundleOf(files: Readonly<Record<string, number>>) {
  const inputs = Object.entries(files).map(([file, bytesInOutput]) => [file, { bytesInOutput }]);
  const output = { bytes: 0, imports: [], exports: [], inputs: Object.fromEntries(inputs) };
  return { outputs: { 'index.mjs': output } };
}

describe('what a bundle is made of', () => {
  it('adds up each package, the largest first, and leaves out what esbuild shook off', () => {
    const shares = packageShares(
      bundleOf({
        'functions/vend-token.ts': 70,
        'shared/errors.ts': 30,
        'node_modules/zod/mini.js': 500,
        'node_modules/@middy/core/index.js': 200,
        'node_modules/@middy/core/other.js': 1,
        'node_modules/@middy/util/index.js': 0,
      }),
    );
    expect(shares).toEqual([
      { packageName: 'zod', bytes: 500 },
      { packageName: '@middy/core', bytes: 201 },
      { packageName: OWN_CODE, bytes: 100 },
    ]);
  });

  it('counts a nested package by itself', () => {
    expect(packageShares(bundleOf({ 'node_modules/a/node_modules/@b/c/x.js': 1 }))).toEqual([
      { packageName: '@b/c', bytes: 1 },
    ]);
  });

  it('finds Momento also where a plugin has put its namespace before the file', () => {
    const shares = packageShares(
      bundleOf({
        'momento-slim:/usher/node_modules/@gomomento/sdk/dist/src/index.js': 5,
        'node_modules/@gomomento/sdk-core/dist/src/index.js': 7,
        'node_modules/@grpc/grpc-js/build/src/index.js': 11,
      }),
    );
    expect(momentoBytes(shares)).toBe(12);
  });

  it('reads at the start what is imported without waiting, however far away, and nothing else', () => {
    const output = (
      bytes: number,
      imports: readonly (readonly ['import-statement' | 'dynamic-import', string])[],
    ) => ({
      bytes,
      inputs: {},
      exports: [],
      imports: imports.map(([kind, path]) => ({ kind, path })),
    });
    const outputs = {
      'index.mjs': {
        ...output(1, [
          ['import-statement', 'shared.mjs'],
          ['dynamic-import', 'table.mjs'],
        ]),
        entryPoint: 'functions/renew-session.ts',
      },
      'shared.mjs': output(20, [
        ['import-statement', 'base.mjs'],
        ['dynamic-import', 'rare.mjs'],
      ]),
      'base.mjs': output(300, [['import-statement', 'shared.mjs']]),
      'table.mjs': { ...output(4000, [['import-statement', 'base.mjs']]), entryPoint: 'shared/table.ts' },
      'rare.mjs': output(50_000, []),
    };
    expect(bytesOf(readAtStart({ outputs }))).toBe(321);
    expect(bytesOf({ outputs })).toBe(54_321);
  });
});
