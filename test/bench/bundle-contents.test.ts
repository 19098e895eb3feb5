import { describe, expect, it } from 'vitest';
import { momentoBytes, OWN_CODE, packageShares } from '../../bench/bundle-contents.ts';

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
});
