/** What Parameter Store holds: versions under a name, and the rules for names and values (standard tier). */
import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { AwsError } from '../aws-json.ts';

const TYPES = ['String', 'StringList', 'SecureString'] as const;
export type ParameterType = (typeof TYPES)[number];

export interface Version {
  readonly version: number;
  readonly value: string;
  readonly modifiedAtMs: number;
}

export interface Parameter {
  readonly name: string;
  readonly type: ParameterType;
  /** Oldest first, never empty. */
  readonly versions: readonly Version[];
}

export interface Parameters {
  all(): readonly Parameter[];
  get(name: string): Parameter | undefined;
  /** Adds a version. Throws an AwsError for a name, value or type the real service would refuse. */
  put(parameter: {
    name: string;
    value: string;
    type: ParameterType | undefined;
    overwrite: boolean;
  }): number;
  /** Whether there was one. */
  remove(name: string): boolean;
}

export const parameterType = z.enum(TYPES);

const KEPT = z.array(
  z.object({
    name: z.string(),
    type: parameterType,
    versions: z.array(z.object({ version: z.int(), value: z.string(), modifiedAtMs: z.number() })).min(1),
  }),
);

/** Opens the parameters kept in `file` (mode 0600, replaced atomically), or none. Throws when the file is no such file. */
export function openParameters({ file, now }: { file: string | undefined; now: () => number }): Parameters {
  const held = new Map(load(file).map((parameter) => [parameter.name, parameter]));
  const keep = () => save(file, [...held.values()]);
  return {
    all: () => [...held.values()],
    get: (name) => held.get(name),
    put: ({ name, value, type, overwrite }) => {
      const next = withVersion(held.get(name), { name, value, type, overwrite, modifiedAtMs: now() });
      held.set(name, next);
      keep();
      return latest(next).version;
    },
    remove: (name) => {
      const existed = held.delete(name);
      if (existed) keep();
      return existed;
    },
  };
}

export function latest({ versions }: Parameter): Version {
  return versions.at(-1) as Version; // never empty
}

const ciphertextKey = randomBytes(32);

/** What a caller without `WithDecryption` sees of a SecureString: opaque base64 that no one can turn back. */
export function unreadable({ name }: Parameter, { version, value }: Version): string {
  return createHmac('sha512', ciphertextKey).update(`${name}:${version}:${value}`).digest('base64');
}

const MAX_VERSIONS = 100; // the service drops the oldest of more

function withVersion(
  existing: Parameter | undefined,
  wanted: {
    readonly name: string;
    readonly value: string;
    readonly type: ParameterType | undefined;
    readonly overwrite: boolean;
    readonly modifiedAtMs: number;
  },
): Parameter {
  const { name, value, type, overwrite, modifiedAtMs } = wanted;
  checkName(name);
  checkValue(value);
  if (!existing) {
    if (!type)
      throw new AwsError('ValidationException', 'A parameter type is required when you create a parameter.');
    return { name, type, versions: [{ version: 1, value, modifiedAtMs }] };
  }
  if (!overwrite) {
    throw new AwsError(
      'ParameterAlreadyExists',
      'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
    );
  }
  if (type && type !== existing.type) {
    throw new AwsError(
      'HierarchyTypeMismatchException',
      `The type of ${name} is ${existing.type} and cannot be changed to ${type}.`,
    );
  }
  const next = { version: latest(existing).version + 1, value, modifiedAtMs };
  return { ...existing, versions: [...existing.versions, next].slice(-MAX_VERSIONS) };
}

const MAX_NAME_LENGTH = 1011; // PutParameter's documented limit
const MAX_LEVELS = 15;

function checkName(name: string): void {
  if (!/^[a-zA-Z0-9_.\-/]+$/.test(name) || name.length > MAX_NAME_LENGTH) {
    throw invalidName(
      'only a-z, A-Z, 0-9, underscore, dot, hyphen and slash are allowed, at most 1011 of them.',
    );
  }
  if (name.includes('/') && !name.startsWith('/')) {
    throw invalidName('must be a fully qualified name that begins with a slash.');
  }
  if (name.endsWith('/') || name.includes('//')) throw invalidName('a level of the hierarchy is empty.');
  if (name.split('/').length - 1 > MAX_LEVELS) throw invalidName('can have at most 15 levels.');
  if (/^\/?(aws|ssm)/i.test(name))
    throw invalidName('can\'t be prefixed with "aws" or "ssm" (case-insensitive).');
}

function invalidName(why: string): AwsError {
  return new AwsError('ValidationException', `Parameter name: ${why}`);
}

const MAX_VALUE_BYTES = 4096; // the standard tier's limit

function checkValue(value: string): void {
  if (value === '') throw new AwsError('ValidationException', 'The parameter value must not be empty.');
  if (Buffer.byteLength(value) > MAX_VALUE_BYTES) {
    throw new AwsError(
      'ValidationException',
      'Standard tier parameters support a maximum value of 4096 characters.',
    );
  }
  if (/\{\{.*\}\}/s.test(value)) {
    throw new AwsError('ValidationException', "Parameter value can't nest another parameter.");
  }
}

function load(file: string | undefined): readonly Parameter[] {
  if (!file || !existsSync(file)) return [];
  try {
    return KEPT.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new Error(`${file} does not hold parameters; remove it to start afresh.`); // no cause: it could quote a secret
  }
}

function save(file: string | undefined, parameters: readonly Parameter[]): void {
  if (!file) return;
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, JSON.stringify(parameters), { mode: 0o600 });
  renameSync(draft, file); // a crash leaves the old file or the new one, never half of one
}
