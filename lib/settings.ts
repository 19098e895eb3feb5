import { refuse, type Context } from './context-values.ts';

/** Every context that the app knows, each with its row in docs/deploying.md#settings. */
export const SETTINGS = [
  'stageName',
  'ssmStageName',
  'origins',
  'accountClaim',
  'signUp',
  'mailFrom',
  'tokenTtlSeconds',
  'regionHeader',
  'stripe',
  'heartbeatSeconds',
  'leaseSeconds',
  'whenFull',
  'trackerIntervalSeconds',
  'followHeartbeatTopic',
  'heartbeatUrl',
  'heartbeatConcurrency',
  'player',
  'playerDomain',
  'playerCertificate',
  'playerPriceClass',
  'alarmTopicArn',
  'latencyAlarmMs',
  'accessLogs',
  'tracing',
  'logLevel',
  'auditRetentionDays',
  'requestsPerSecond',
] as const;
export type Setting = (typeof SETTINGS)[number];

const KNOWN: ReadonlySet<string> = new Set(SETTINGS);

/** CDK's own contexts and feature flags, and the notes of its command line, have a colon, an at sign or a hyphen. */
const LIKE_OURS = /^\w+$/;

/**
 * What the app is told: on the command line (`-c key=value`), or in cdk.json under `stages` for the stage of that name,
 * so that no deployment forgets it.
 * @param all every context of the app
 * @throws Error for a setting that nobody knows, such as a mistyped one, and for one that is told twice and differently
 */
export function settingsIn(all: Readonly<Record<string, unknown>>): Context {
  const { stages, ...given } = all;
  refuseUnknown(Object.keys(given).filter((key) => LIKE_OURS.test(key)));
  const stageName = asText(given['stageName']);
  const written = entriesOf(entriesOf(stages, 'stages')[stageName], `stages.${stageName}`);
  refuseUnknown(Object.keys(written));
  return (key) => {
    const [here, there] = [given[key], written[key]];
    if (here === undefined || there === undefined || asText(here) === asText(there)) return here ?? there;
    throw new Error(
      `The context ${key} is ${JSON.stringify(there)} in cdk.json for the stage ${stageName} and ` +
        `${JSON.stringify(here)} elsewhere: say it in one place.`,
    );
  };
}

/** As the command line would give it. */
function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function refuseUnknown(keys: readonly string[]): void {
  const unknown = keys.find((key) => !KNOWN.has(key));
  if (unknown === undefined) return;
  throw new Error(`There is no setting ${unknown}: docs/deploying.md lists them all.`);
}

function entriesOf(value: unknown, key: string): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  return refuse(
    key,
    value,
    'an object, in cdk.json, that has settings by stage: { "prod": { "origins": "…" } }',
  );
}
