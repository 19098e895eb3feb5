import ssm from '@middy/ssm';
import { CLIENT_OPTIONS } from './aws/errors.ts';
import { Unavailable } from './errors.ts';

/** Secrets of the stage, by the names that the code uses for them. */
export interface Secrets<Name extends string> {
  /** The values in force; fetched at most once per cache time. @throws Unavailable when none was ever fetched. */
  get(): Promise<Values<Name>>;
  /** Called when `used` was refused: the values fetched anew, unless they have been since. */
  refresh(used: Values<Name>): Promise<Values<Name>>;
}

type Values<Name extends string> = Readonly<Record<Name, string>>;

interface SecretsOptions<Name extends string> {
  /** The SSM parameter of each name. */
  readonly parameters: Readonly<Record<Name, string>>;
  readonly now?: () => number;
  readonly fetch?: () => Promise<Values<Name>>;
  readonly warn?: (message: string) => void;
}

/** A rotated secret is followed within this time. */
export const FRESH_MS = 5 * 60_000;

/** After a failed fetch the last known values serve this long before the next try, which may hang again. */
const RETRY_MS = 15_000;

/** Whoever sends forged signatures must not be able to spend our SSM quota (40 calls per second and account). */
const MOST_REFRESHES_PER_MINUTE = 6;

/**
 * Keeps secrets for minutes and follows their rotation. While SSM cannot be reached, the last known values
 * serve on: `@middy/ssm`, which does the fetching, would fail the invocation once its own cache has expired,
 * so that cache is off.
 */
export function secretsFromSsm<Name extends string>({
  parameters,
  now = Date.now,
  fetch = fetcher(parameters),
  warn = () => {},
}: SecretsOptions<Name>): Secrets<Name> {
  let known: Values<Name> | undefined;
  let freshUntilMs = 0;
  let pending: Promise<Values<Name>> | undefined;
  let refreshedAtMs: number[] = [];

  /** One fetch at a time, whoever asks. */
  async function load(): Promise<Values<Name>> {
    pending ??= fetch().finally(() => (pending = undefined));
    try {
      known = await pending;
      freshUntilMs = now() + FRESH_MS;
      return known;
    } catch (cause) {
      if (!known) throw new Unavailable('secrets cannot be fetched', { cause });
      freshUntilMs = now() + RETRY_MS;
      warn('secrets cannot be fetched; the last known ones serve on');
      return known;
    }
  }

  return {
    get: async () => (known && now() < freshUntilMs ? known : load()),

    refresh: async (used) => {
      if (known && known !== used) return known;
      refreshedAtMs = refreshedAtMs.filter((at) => now() - at < 60_000);
      if (known && refreshedAtMs.length >= MOST_REFRESHES_PER_MINUTE) return known;
      refreshedAtMs.push(now());
      return load();
    },
  };
}

/** Fails sooner than the table does, since a function asks for its secrets first and a viewer is waiting. */
const AWS_CLIENT_OPTIONS = { ...CLIENT_OPTIONS, maxAttempts: 2 };

function fetcher<Name extends string>(
  parameters: Readonly<Record<Name, string>>,
): () => Promise<Values<Name>> {
  const { before } = ssm({
    fetchData: parameters,
    setToContext: true,
    cacheExpiry: 0,
    disablePrefetch: true,
    awsClientOptions: AWS_CLIENT_OPTIONS,
  });
  return async () => {
    const context: Record<string, unknown> = {};
    // Middy types a middleware's request by the handler that it belongs to; this one is called on its own.
    await before?.({ event: {}, context, internal: {}, response: undefined, error: null } as never);
    return Object.fromEntries(Object.entries(context).map(asText)) as Values<Name>;
  };
}

/** Middy parses a value that looks like JSON; here a secret is a text, and whoever uses it knows what is in it. */
function asText([name, value]: [string, unknown]): [string, string] {
  return [name, typeof value === 'string' ? value : JSON.stringify(value)];
}
