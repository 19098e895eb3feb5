import { stageNameOf } from './stage-name.ts';

export type LogLevel = (typeof LOG_LEVELS)[number];

/** Everything that differs from one stage to another. */
export interface Stage {
  /** Names every resource: `usher-{name}-…`. See {@link stageNameOf}. */
  readonly name: string;
  /** Whose SSM parameters the stage reads, so that a branch can share the secrets of `dev`. */
  readonly ssmName: string;
  /** The web origins that may call the API; `['*']` for any. */
  readonly origins: readonly string[];
  readonly tokenTtlSeconds: number;
  /** The request header that carries the viewer's country, ISO 3166-1 alpha-2. */
  readonly regionHeader: string;
  readonly logLevel: LogLevel;
  /** Whether accounts and viewers outlive the stack. Only `prod` keeps them; any other stage leaves nothing. */
  readonly keepsData: boolean;
  readonly logRetentionDays: 7 | 30;
  /** API Gateway's token bucket for the whole stage. */
  readonly throttle: { readonly requestsPerSecond: number; readonly burst: number };
}

type Context = (key: string) => unknown;

const LOG_LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;
/** Momento mints no disposable token that lives longer. */
const LONGEST_TOKEN_SECONDS = 25 * 60 * 60;
/** Origins travel in every function's environment, of which Lambda allows 4 KB in all. */
const ORIGINS_LENGTH = 1024;

/**
 * Reads a stage from the CDK app's contexts (`-c key=value`).
 * Throws an Error whose message says what to pass instead.
 */
export function readStage(context: Context): Stage {
  const name = stageNameOf(
    text(context, 'stageName') ??
      refuse('stageName', undefined, 'the name of a stage or branch, such as dev'),
  );
  const keepsData = name === 'prod';
  return {
    name,
    ssmName: ssmName(text(context, 'ssmStageName') ?? name),
    origins: origins(text(context, 'origins') ?? 'http://localhost:3000'),
    tokenTtlSeconds: tokenTtlSeconds(text(context, 'tokenTtlSeconds') ?? '1800'),
    regionHeader: regionHeader(text(context, 'regionHeader') ?? 'CloudFront-Viewer-Country'),
    logLevel: logLevel(text(context, 'logLevel') ?? 'INFO'),
    keepsData,
    logRetentionDays: keepsData ? 30 : 7,
    throttle: keepsData ? { requestsPerSecond: 1000, burst: 2000 } : { requestsPerSecond: 500, burst: 1000 },
  };
}

/** `usher-{stage}`, or `usher-{stage}-{part}`: what every named resource of the stage is called. */
export function nameIn(stage: Pick<Stage, 'name'>, part?: string): string {
  return part === undefined ? `usher-${stage.name}` : `usher-${stage.name}-${part}`;
}

/** Contexts arrive as text from the command line, and as whatever JSON holds from cdk.json. */
function text(context: Context, key: string): string | undefined {
  const value = context(key);
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && value.trim() !== '') return value;
  if (typeof value === 'number') return String(value);
  return refuse(key, value, 'a text that is not empty, or leave it out');
}

function ssmName(value: string): string {
  if (/^[a-zA-Z0-9._-]{1,128}$/.test(value)) return value;
  return refuse(
    'ssmStageName',
    value,
    'up to 128 letters, digits, dots, underscores and hyphens, such as dev',
  );
}

function origins(value: string): readonly string[] {
  if (value === '*') return ['*'];
  const list = [...new Set(value.split(',').map((origin) => origin.trim()))];
  const wrong = list.find((origin) => !isWebOrigin(origin));
  if (wrong === undefined && list.join(',').length <= ORIGINS_LENGTH) return list;
  return refuse(
    'origins',
    wrong ?? value,
    `web origins separated by commas, such as https://tv.example,http://localhost:3000 (https, or http on this ` +
      `machine; no path, no final slash; ${ORIGINS_LENGTH} characters in all), or * alone`,
  );
}

function isWebOrigin(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { origin, protocol, hostname } = new URL(value);
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  // `new URL` lets both through in a host name: a quote would end the static header value in API Gateway, and an
  // asterisk would be a wildcard to some and a plain character to others.
  return (
    origin === value && !/['*]/.test(value) && (protocol === 'https:' || (protocol === 'http:' && loopback))
  );
}

function tokenTtlSeconds(value: string): number {
  const seconds = /^\d+$/.test(value) ? Number(value) : 0;
  if (seconds >= 60 && seconds <= LONGEST_TOKEN_SECONDS) return seconds;
  return refuse('tokenTtlSeconds', value, `whole seconds between 60 and ${LONGEST_TOKEN_SECONDS}`);
}

function regionHeader(value: string): string {
  if (/^[A-Za-z0-9-]{1,64}$/.test(value)) return value;
  return refuse('regionHeader', value, 'the name of a header: letters, digits and hyphens');
}

function logLevel(value: string): LogLevel {
  return (
    LOG_LEVELS.find((level) => level === value) ??
    refuse('logLevel', value, `one of ${LOG_LEVELS.join(', ')}`)
  );
}

function refuse(key: string, value: unknown, expected: string): never {
  const found = value === undefined ? 'is missing' : `cannot be ${JSON.stringify(value)}`;
  throw new Error(`The context ${key} ${found}: pass -c ${key}=… with ${expected}.`);
}
