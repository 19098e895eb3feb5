import { basename } from 'node:path';
import type { Metafile } from 'esbuild';

export interface Share {
  readonly packageName: string;
  readonly bytes: number;
}

/** What the files of this repository are counted under. */
export const OWN_CODE = 'usher';

type Outputs = Metafile['outputs'];

/** Of a bundle's files those that its import reads: the entry, and what it imports without `await`. */
export function readAtStart({ outputs }: Pick<Metafile, 'outputs'>): { readonly outputs: Outputs } {
  const read = new Set<string>();
  const visit = (file: string) => {
    const output = outputs[file];
    if (output === undefined || read.has(file)) return;
    read.add(file);
    for (const { path, kind } of output.imports) if (kind === 'import-statement') visit(path);
  };
  // To esbuild what is imported with `await` is an entry, too.
  for (const file of Object.keys(outputs)) if (basename(file) === 'index.mjs') visit(file);
  return { outputs: Object.fromEntries(Object.entries(outputs).filter(([file]) => read.has(file))) };
}

/** The size of all these files. */
export function bytesOf({ outputs }: Pick<Metafile, 'outputs'>): number {
  return Object.values(outputs).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** What each npm package takes up in a bundle, after minification, the largest first. */
export function packageShares({ outputs }: Pick<Metafile, 'outputs'>): readonly Share[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  return [...Map.groupBy(inputs, ([file]) => packageOf(file))]
    .map(([packageName, files]) => ({
      packageName,
      bytes: files.reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0),
    }))
    .filter(({ bytes }) => bytes > 0)
    .toSorted((a, b) => b.bytes - a.bytes);
}

/** Bytes of Momento's own packages; what those depend on (grpc-js, google-protobuf) is not counted. */
export function momentoBytes(shares: readonly Share[]): number {
  return shares
    .filter(({ packageName }) => packageName.startsWith('@gomomento/'))
    .reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The innermost package that a file belongs to: npm nests a version that others do not share. */
function packageOf(file: string): string {
  const [, name] = /^.*node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(file) ?? [];
  return name?.replace('\\', '/') ?? OWN_CODE;
}

/** What a package is in a bundle for. */
export function reasonFor(packageName: string): string {
  const found = REASONS.find(([names]) => names.test(packageName));
  return found?.[1] ?? 'comes with one of the above';
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^usher$/, 'this repository: the function, its rules and adapters, catalog.json'],
  [/^@gomomento\/generated-types$/, 'the messages of Momento’s protocol, generated, one module per service'],
  [/^@gomomento\//, 'Momento’s clients: retries, errors, response types'],
  [/^google-protobuf$/, 'encodes those messages; one CommonJS file that cannot be shaken'],
  [/^@grpc\/grpc-js$|^@js-sdsl\//, 'carries them over HTTP/2'],
  [/^@aws-sdk\/client-/, 'an AWS service’s commands and schemas'],
  [
    /^@(aws-sdk|smithy|aws-crypto|aws)\/|^bowser$|^mnemonist$/,
    'shared by the AWS clients: signing, retries, transport',
  ],
  [/^zod$/, 'checks what arrives from outside, catalog.json included'],
  [/^@aws-lambda-powertools\//, 'structured logs'],
  [/^@middy\//, 'CORS, errors as problems, parameters'],
  [/^standardwebhooks$|^fast-sha256$|^@stablelib\//, 'checks the payment side’s signature'],
];
