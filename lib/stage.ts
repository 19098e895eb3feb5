import { WHEN_FULL, type WhenFull } from '../shared/domain/admission.ts';
import { readAccountClaim, type AccountClaim } from './account-claim.ts';
import { flag, oneOf, refuse, text, whole, type Context } from './context-values.ts';
import { readOperations, type Operations } from './operations/operations-settings.ts';
import { readPlayer, type PlayerSettings } from './player/player-settings.ts';
import { stageNameOf } from './stage-name.ts';
import { readStripe, type StripeMode } from './stripe-settings.ts';

export type LogLevel = (typeof LOG_LEVELS)[number];

/** Everything that differs from one stage to another. */
export interface Stage {
  /** Names every resource: `usher-{name}-…`. See {@link stageNameOf}. */
  readonly name: string;
  /** Whose SSM parameters the stage reads, so that a branch can share the secrets of `dev`. */
  readonly ssmName: string;
  /** The web origins that may call the API; `['*']` for any. A stage that serves the player adds its origin. */
  readonly origins: readonly string[];
  /** How the demo player is served from the stage; `undefined` = not at all. */
  readonly player: PlayerSettings | undefined;
  readonly accountClaim: AccountClaim;
  /** Whether viewers sign themselves up, or who runs the stage signs them up: docs/identity.md says who should. */
  readonly signUp: (typeof SIGN_UP)[number];
  /** The sender of the mails with codes, by SES; `undefined` = Cognito's own mailer, which sends a few a day. */
  readonly mailFrom: string | undefined;
  readonly tokenTtlSeconds: number;
  /** The request header that carries the viewer's country, ISO 3166-1 alpha-2. */
  readonly regionHeader: string;
  readonly logLevel: LogLevel;
  /** Whether accounts and viewers outlive the stack. Only `prod` keeps them; any other stage leaves nothing. */
  readonly keepsData: boolean;
  readonly logRetentionDays: 7 | 30;
  readonly operations: Operations;
  /** How often a player is told to beat. */
  readonly heartbeatSeconds: number;
  /** How long a session lives without a heartbeat. */
  readonly leaseSeconds: number;
  /** The length of the intervals by which an account's devices are counted. */
  readonly trackerIntervalSeconds: number;
  readonly whenFull: WhenFull;
  /** Whether devices may publish heartbeats to the topic `heartbeat`, and are counted by them. */
  readonly followHeartbeatTopic: boolean;
  /** Whether a function URL takes heartbeats too: the cheaper door beside the REST API. */
  readonly heartbeatUrl: boolean;
  /** Reserved for that URL's function: how many heartbeats it takes at once, and what nobody else can use up. */
  readonly heartbeatConcurrency: number;
  readonly stripe: StripeMode;
}

/** Not ERROR: alarms count lines that are warnings. */
const LOG_LEVELS = ['DEBUG', 'INFO', 'WARN'] as const;
const SIGN_UP = ['open', 'closed'] as const;
/** Momento mints no disposable token that lives longer. */
const TOKEN_TTL_SECONDS = { of: 'whole seconds', least: 60, most: 25 * 60 * 60, otherwise: 1800 };
/** Origins travel in every function's environment, of which Lambda allows 4 KB in all. */
const ORIGINS_LENGTH = 1024;
/**
 * The devices of the reference system beat every 5 s; oftener costs more and tells no more. A viewer whose session
 * was ended, and whom no message reached, learns it at the next heartbeat: 5 minutes are late enough.
 */
const HEARTBEAT_SECONDS = { of: 'whole seconds', least: 5, most: 300, otherwise: 15 };
/** A player that crashes holds its slot for the lease: an hour is more than a viewer will wait for it. */
const LEASE_SECONDS = { of: 'whole seconds', most: 60 * 60, otherwise: 40 };
/** Devices counted by more than the hour say nothing about now. */
const TRACKER_INTERVAL_SECONDS = { of: 'whole seconds', most: 60 * 60, otherwise: 60 };
/**
 * Lambda gives an account 1,000 at first and tens of thousands on request, and keeps 100 of them unreserved: AWS
 * refuses a deployment that asks for more than is left.
 */
const HEARTBEAT_CONCURRENCY = { of: 'a whole number', least: 1, most: 10_000, otherwise: 100 };

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
  const heartbeatSeconds = whole(context, 'heartbeatSeconds', HEARTBEAT_SECONDS);
  const player = readPlayer(context);
  return {
    name,
    ssmName: ssmName(text(context, 'ssmStageName') ?? name),
    origins: origins(text(context, 'origins'), player ? [] : ['http://localhost:3000']),
    player,
    accountClaim: readAccountClaim(context),
    signUp: oneOf(context, 'signUp', SIGN_UP, 'open'),
    mailFrom: mailFrom(text(context, 'mailFrom')),
    tokenTtlSeconds: whole(context, 'tokenTtlSeconds', TOKEN_TTL_SECONDS),
    regionHeader: regionHeader(text(context, 'regionHeader') ?? 'CloudFront-Viewer-Country'),
    logLevel: oneOf(context, 'logLevel', LOG_LEVELS, 'INFO'),
    keepsData,
    logRetentionDays: keepsData ? 30 : 7,
    operations: readOperations(context, { keepsData }),
    heartbeatSeconds,
    leaseSeconds: whole(context, 'leaseSeconds', {
      ...LEASE_SECONDS,
      // A session outlives one heartbeat that is lost and the next that is late.
      least: 2 * heartbeatSeconds + 5,
      because: 'twice heartbeatSeconds and 5',
    }),
    trackerIntervalSeconds: whole(context, 'trackerIntervalSeconds', {
      ...TRACKER_INTERVAL_SECONDS,
      // A device that beats as it is told is counted in every interval.
      least: heartbeatSeconds,
      because: 'heartbeatSeconds',
    }),
    whenFull: oneOf(context, 'whenFull', WHEN_FULL, 'refuse-newest'),
    followHeartbeatTopic: flag(context, 'followHeartbeatTopic'),
    heartbeatUrl: flag(context, 'heartbeatUrl'),
    heartbeatConcurrency: whole(context, 'heartbeatConcurrency', HEARTBEAT_CONCURRENCY),
    stripe: readStripe(context, { keepsData }),
  };
}

/** `usher-{stage}`, or `usher-{stage}-{part}`: what every named resource of the stage is called. */
export function nameIn(stage: Pick<Stage, 'name'>, part?: string): string {
  return part === undefined ? `usher-${stage.name}` : `usher-${stage.name}-${part}`;
}

function ssmName(value: string): string {
  if (/^[a-zA-Z0-9._-]{1,128}$/.test(value)) return value;
  return refuse(
    'ssmStageName',
    value,
    'up to 128 letters, digits, dots, underscores and hyphens, such as dev',
  );
}

function origins(value: string | undefined, otherwise: readonly string[]): readonly string[] {
  if (value === undefined) return otherwise;
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

function mailFrom(value: string | undefined): string | undefined {
  if (value === undefined || /^[\w.+-]{1,64}@([a-z0-9-]{1,63}\.)+[a-z]{2,63}$/.test(value)) return value;
  return refuse(
    'mailFrom',
    value,
    'the sender’s address, of a domain that SES has verified: codes@tv.example for one',
  );
}

function regionHeader(value: string): string {
  if (/^[A-Za-z0-9-]{1,64}$/.test(value)) return value;
  return refuse('regionHeader', value, 'the name of a header: letters, digits and hyphens');
}
