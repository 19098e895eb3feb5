import { expect, test } from 'vitest';
import { ID } from '../../shared/domain/ids.ts';
import { PAGES, read } from './pages.ts';

const MINUTE_MS = 60_000;

const WORDS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    half: 0.5,
    second: 1,
    minute: 1,
    hour: 1,
    two: 2,
    three: 3,
    four: 4,
    five: 5,
    six: 6,
    eight: 8,
    ten: 10,
    thirty: 30,
    fifty: 50,
    hundred: 100,
    'quarter of an hour': 15,
  }),
);

/** A number in a source: `5 * 60_000`, `Duration.minutes(5)`, `'8'`. */
function numberIn(text: string): number {
  const [, inside = text] = /^Duration\.\w+\((.*)\)$/.exec(text) ?? [];
  return inside
    .replaceAll(/[_']/g, '')
    .split('*')
    .reduce((product, factor) => product * Number(factor), 1);
}

/** A constant of a source, or a field of one (`LEASE_SECONDS.otherwise`), in its own unit. */
function constant(path: string, name: string): number {
  const [outer = '', field] = name.split('.');
  const declared = `\\b${outer}(?:: \\w+)? = `;
  const pattern = field === undefined ? `${declared}(.*);` : `${declared}\\{[^}]*\\b${field}: ([^,}]+)`;
  return numberIn(new RegExp(pattern).exec(read(path))?.[1]?.trim() ?? '');
}

/** What follows in a source, where there is no constant. */
function after(path: string, before: RegExp): number {
  return numberIn(new RegExp(`${before.source}([\\d_]+)`).exec(read(path))?.[1] ?? '');
}

const inShared = (file: string, name: string) => constant(`shared/${file}.ts`, name);
const freshMinutes = inShared('secrets', 'FRESH_MS') / MINUTE_MS;
const longestLeaseMinutes = constant('tools/rotations.ts', 'LONGEST_LEASE_MS') / MINUTE_MS;
const recheckMinutes =
  constant('client/src/entitlements/follow-entitlements.ts', 'RECHECK_EVERY_MS') / MINUTE_MS;
const waitMinutes = inShared('lambda/queue', 'LONGEST_WAIT_SECONDS') / 60;
const degradedMinutes = inShared('concurrency/outage', 'DEGRADED_MS') / MINUTE_MS;
const setting = (name: string) => constant('lib/stage.ts', name);
const alarm = (file: string, name: string) =>
  after(`lib/operations/${file}-alarms.ts`, new RegExp(`'${name}',[\\s\\S]*?threshold: `));

/** What a page says, the number in brackets, and what the code has, in the page's unit. */
const CLAIMS: Readonly<Record<string, readonly (readonly [says: RegExp, value: number])[]>> = {
  'README.md': [
    [/429 more than once in (\w+) seconds/, constant('functions/request-recompute.ts', 'INTERVAL_SECONDS')],
    [/413 above (\d+) KB/, constant('functions/accept-stripe-event.ts', 'LARGEST_EVENT_BYTES') / 1024],
    [/More than (\d+) messages that wait/, inShared('entitlements/recompute', 'MOST_PENDING')],
    [/follow a new value within (\w+) minutes/, freshMinutes],
    [/after minutes of outage (\w+) minutes/, waitMinutes],
  ],
  'docs/concurrency.md': [
    [/every `extraStreams`, at most (\d+)/, inShared('domain/entitlements', 'MOST_STREAMS')],
    [/lives for the \*lease\* and (\w+) seconds more/, inShared('momento/slots', 'MARGIN_SECONDS')],
    [/`heartbeatSeconds` \| (\d+)/, setting('HEARTBEAT_SECONDS.otherwise')],
    [/`leaseSeconds` \| (\d+)/, setting('LEASE_SECONDS.otherwise')],
    [/-c trackerIntervalSeconds=(\d+)/, setting('TRACKER_INTERVAL_SECONDS.otherwise')],
    [/-c heartbeatConcurrency=(\d+)/, setting('HEARTBEAT_CONCURRENCY.otherwise')],
    [/every (\w+) minutes in any case/, inShared('concurrency/grant', 'RECHECK_MS') / MINUTE_MS],
    [/A player that beats (\w+) times as often/, inShared('domain/heartbeat-intervals', 'TOLERATED')],
    [
      /on its device does, up to (\w+) times/,
      inShared('domain/heartbeat-intervals', 'TOLERATED') *
        inShared('lambda/session-heartbeat', 'OUTRAGEOUS'),
    ],
    [/`degraded: true`\), for (\w+) minutes at most/, degradedMinutes],
    [/After (\w+) calls in a row/, inShared('concurrency/circuit-breaker', 'OPENS_AT')],
    [/leaves Momento alone for (\w+) seconds/, inShared('concurrency/circuit-breaker', 'OPEN_MS') / 1000],
    [/are summed for (\w+) a second/, inShared('concurrency/follow-heartbeats', 'FLUSH_EVERY_MS') / 1000],
    [/At most ([\d,]+) devices wait/, inShared('concurrency/waiting-beats', 'MOST_DEVICES')],
    [/at a time, (\d+) of an account/, inShared('concurrency/waiting-beats', 'MOST_DEVICES_OF_ACCOUNT')],
    [/may differ by up to (\w+) seconds/, inShared('domain/admission', 'CLOCKS_DIFFER_MS') / 1000],
    [/once more, (\w+) times a minute/, inShared('secrets', 'MOST_REFRESHES_PER_MINUTE')],
  ],
  'docs/deploying.md': [
    [/live: (\d+) to 90,000/, setting('TOKEN_TTL_SECONDS.least')],
    [/live: 60 to ([\d,]+)/, setting('TOKEN_TTL_SECONDS.most')],
    [/a player beats\]\(\S+\): (\d+) to 300/, setting('HEARTBEAT_SECONDS.least')],
    [/a player beats\]\(\S+\): 5 to (\d+)/, setting('HEARTBEAT_SECONDS.most')],
    [/lives without: up to ([\d,]+)/, setting('LEASE_SECONDS.most')],
    [/devices are counted\]\(\S+\): up to ([\d,]+)/, setting('TRACKER_INTERVAL_SECONDS.most')],
    [/Logs of functions \| (\d+) days/, after('lib/stage.ts', /logRetentionDays: keepsData \? /)],
  ],
  'docs/environments.md': [
    [/concurrency is set to (\d+)/, after('.github/workflows/preview.yml', /heartbeatConcurrency=/)],
  ],
  'docs/identity.md': [
    [/at most (\d+), beginning with a letter/, longest(ID)],
    [/another name of up to (\d+) letters/, after('lib/account-claim.ts', /custom:\[A-Za-z0-9_-\]\{1,/)],
    [/it ends: an (hour)/, after('lib/viewers.ts', /idTokenValidity: Duration.hours\(/)],
  ],
  'docs/limits.md': [
    [/a start reads (\d+) items/, inShared('domain/entitlements', 'MOST_STREAMS') + 1],
    [
      /two tokens a (\w+) before/,
      constant('client/src/entitlements/connection.ts', 'RENEW_BEFORE_MS') / MINUTE_MS,
    ],
    [/again every (\w+) minutes/, recheckMinutes],
    [/ours have (\d+) KB at most/, inShared('domain/announcements', 'LARGEST_ANNOUNCEMENT_BYTES') / 1024],
    [/at most, (\w+) purchases each/, after('lib/checkout-queue.ts', /batchSize: /)],
  ],
  'docs/operations.md': [
    [/functions keep a secret for (\w+) minutes/, freshMinutes],
    [/2\. (\w+) minutes later: it signs/, 2 * freshMinutes],
    [/`--finish`, (\d+) minutes later/, freshMinutes + longestLeaseMinutes],
    [/within a (quarter of an hour)/, constant('tools/dead-letters.ts', 'HIDDEN_SECONDS') / 60],
    [/takes up to ([\d,]+) in hand/, constant('tools/redrive-dead-letters.ts', 'MOST')],
    [/Messages are kept for (\d+) days/, after('lib/checkout-queue.ts', /retentionPeriod: Duration.days\(/)],
    [/\*\*How fast\.\*\* (\d+) events/, constant('tools/import-purchases.ts', 'RATE')],
    [/`--rate` says otherwise, up to ([\d,]+)/, after('tools/import-purchases.ts', /rate <= /)],
  ],
  'docs/runbook.md': [
    [
      /has not been fetched for (\w+) minutes/,
      after('lib/operations/checkout-alarms.ts', /threshold: Duration.minutes\(/),
    ],
    [/They have been tried (\w+) times/, inShared('lambda/queue', 'RENEWED_AT')],
    [/come back every (\w+) minutes/, waitMinutes],
    [/stays up to (\w+) minutes/, constant('lib/operations/checkout-alarms.ts', 'WAITING_PERIOD')],
    [/After (\w+) crashes a message/, after('lib/checkout-queue.ts', /maxReceiveCount: /)],
    [/that (\w+) tries have not mended/, inShared('lambda/queue', 'MOST_UNEXPECTED')],
    [
      /(\w+) seconds did not do/,
      after('lib/entitlement-functions.ts', /recomputeTimeout: Duration = Duration.seconds\(/),
    ],
    [/Counted once in (\w+) seconds/, inShared('lambda/metrics', 'TROUBLE_EVERY_MS') / 1000],
    [/More than (\w+) viewers in five minutes/, alarm('momento', 'token-limit')],
    [/crashed or timed out\*, (\w+) times/, alarm('concurrency', 'heartbeat-url-errors')],
    [/at a (\w+) requests a minute or more/, constant('lib/operations/api-alarms.ts', 'TELLING_REQUESTS')],
    [
      /\(([\d,]+) ms by default\)/,
      constant('lib/operations/operations-settings.ts', 'LATENCY_ALARM_MS.otherwise'),
    ],
    [/given up after a (\w+) each/, inShared('momento/cache-client', 'DEADLINE_MS') / 1000],
    [/who plays goes on, for (\w+) minutes at most/, degradedMinutes],
    [/raise `tokenTtlSeconds`, up to ([\d,]+)/, setting('TOKEN_TTL_SECONDS.most')],
  ],
  'docs/session-tokens.md': [
    [/: (\d+) seconds ahead by default/, setting('LEASE_SECONDS.otherwise')],
    [/functions keep the secret for (\w+) minutes/, freshMinutes],
  ],
  'docs/stripe.md': [
    [/(\d+) KB for an event/, constant('functions/accept-stripe-event.ts', 'LARGEST_EVENT_BYTES') / 1024],
    [/`stale-signature` \((\w+) minutes\)/, inShared('payments/stripe/provider', 'TOLERANCE_SECONDS') / 60],
    [/`occurredAt` is more than (\d+) minutes ahead/, inShared('checkout-event', 'AHEAD_MS') / MINUTE_MS],
  ],
  'docs/support.md': [
    [/needs a reason, at most (\d+) characters/, inShared('lambda/support', 'LONGEST_REASON')],
    [/The id is yours, up to (\d+) characters/, longest(ID) - 'promotion-'.length],
    [/the last (\w+) changes/, inShared('domain/recent-changes', 'KEPT')],
    [/(\d+) s, when it is swept again/, inShared('entitlements/erase-account', 'SECOND_SWEEP_SECONDS')],
  ],
  'docs/waves.md': [
    [/0 \(all at once\) to ([\d,]+)/, inShared('domain/catalog-messages', 'LONGEST_WINDOW_SECONDS')],
    [/fit a message of (\d+) KB/, inShared('domain/catalog-messages', 'LARGEST_BYTES') / 1024],
    [/look again by themselves, every (\w+) minutes/, recheckMinutes],
  ],
};

test.each(Object.entries(CLAIMS))('%s says the numbers that the code has', (page, claims) => {
  const text = PAGES.get(page) ?? '';
  for (const [says, value] of claims) expect(value, `${says} in the source`).toBeGreaterThan(0);
  const told = claims.map(([says]) => [String(says), wordOf(says.exec(text)?.[1])]);
  expect(told).toEqual(claims.map(([says, value]) => [String(says), value]));
});

/** `undefined` where the page does not say so any more. */
function wordOf(told: string | undefined): number | undefined {
  if (told === undefined) return undefined;
  return WORDS.get(told.toLowerCase()) ?? Number(told.replaceAll(',', ''));
}

/** How many characters an id may have by its pattern: one and as many as may follow it. */
function longest({ source }: RegExp): number {
  return 1 + Number(/\{0,(\d+)\}\$$/.exec(source)?.[1]);
}
