import { readFileSync } from 'node:fs';
import path from 'node:path';

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly Condition?: string;
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown; readonly Condition?: string }>>;
  readonly Parameters?: Readonly<Record<string, { readonly Type: string; readonly Default?: unknown }>>;
  readonly Mappings?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
}

export interface Stack {
  readonly name: string;
  /** The region the stack is bound to, or undefined for a stack that can be deployed anywhere. */
  readonly region: string | undefined;
  readonly template: Template;
  /** Absolute directory of each file asset, by the S3 key under which a template refers to it. */
  readonly assets: ReadonlyMap<string, string>;
}

/**
 * Reads the one stack of a cloud assembly (`cdk synth`'s output directory). The assets are looked up in the asset
 * manifest and not in the resources' metadata, because only the CDK command line writes the latter.
 *
 * @throws if there is no assembly, or it holds no stack or several.
 */
export function loadStack(directory: string): Stack {
  const artifacts = Object.entries(readManifest(directory).artifacts);
  const stacks = artifacts.filter(([, artifact]) => artifact.type === 'aws:cloudformation:stack');
  const [found, second] = stacks;
  if (found === undefined || second !== undefined) {
    throw new Error(`${directory} holds ${stacks.length} stacks; the local runner runs exactly one`);
  }
  const [name, { environment, properties }] = found;
  const assets = artifacts
    .filter(([, artifact]) => artifact.type === 'cdk:asset-manifest')
    .flatMap(([, artifact]) => readAssets(directory, artifact.properties?.file));
  return {
    name,
    region: /^aws:\/\/[^/]+\/(?!unknown-region)(.+)$/.exec(environment ?? '')?.[1],
    template: readJson(path.join(directory, properties?.templateFile ?? '')) as Template,
    assets: new Map(assets),
  };
}

interface Manifest {
  readonly artifacts: Readonly<
    Record<
      string,
      {
        readonly type: string;
        readonly environment?: string;
        readonly properties?: { readonly templateFile?: string; readonly file?: string };
      }
    >
  >;
}

function readManifest(directory: string): Manifest {
  return readJson(path.join(directory, 'manifest.json')) as Manifest;
}

interface AssetManifest {
  readonly files?: Readonly<
    Record<
      string,
      {
        readonly source: { readonly path?: string };
        readonly destinations: Readonly<Record<string, { readonly objectKey: string }>>;
      }
    >
  >;
}

function readAssets(directory: string, file = ''): [string, string][] {
  const { files = {} } = readJson(path.join(directory, file)) as AssetManifest;
  return Object.values(files).flatMap(({ source, destinations }) =>
    Object.values(destinations).map(({ objectKey }): [string, string] => [
      objectKey,
      path.resolve(directory, source.path ?? ''),
    ]),
  );
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`${file} is no part of a cloud assembly: synthesize the app first`, { cause });
  }
}
