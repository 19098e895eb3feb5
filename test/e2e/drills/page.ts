import { writeFile } from 'node:fs/promises';
import { DRILLS } from './drills.ts';
import type { Ask, Noticed } from './notes.ts';

const PAGE = new URL('../../../docs/drills.md', import.meta.url);

const LABELS: Readonly<Record<Ask, string>> = {
  purchase: 'purchases',
  read: '`GET /entitlements`',
  token: '`GET /token`',
  start: '`POST /sessions`',
  heartbeat: 'heartbeats',
  end: 'ends of sessions',
  streams: '`GET /concurrency`',
};

/** What was noticed of each drill, in the words of whoever noticed it. */
export function pageOf(record: readonly Noticed[], accounts: number): string {
  const bought = record.reduce((sum, one) => sum + one.bought, 0);
  return `# Loss drills

Something breaks while everybody uses the stage. What is lost, and who notices? Written by \`npm run test:full\`, against the template on a laptop: not against AWS, nor against Momento itself. \`npm test\` holds the same drills with one account and shorter outages, but for the catalogue that is not valid.

**How.** ${accounts} accounts, each with two screens that run the library over Momento's own SDK and watch all the time. Each account has a purchase reported every 10 seconds, is read every 5 seconds by somebody who knows of no version, and is visited every 20 seconds by a third device, which signs in, starts a session and ends it. After each drill purchases stop, and once everybody is level again it is looked into: **every purchase that was accepted (${bought} in all) was in its account's snapshot, the cache said what the table says, every screen showed just that, the streams that are counted were those that play, nothing waited in the queue or as a dead letter, and no screen had ever shown an older version after a newer one.** The tests fail where that is not so.

**Times** are the stage's, by a clock that is put forward for the stand-ins and the functions together: a minute's outage takes seconds. Half a second that a connection really takes counts as several seconds then, so read them as "about"; the time that a request takes hardly shows.

| | purchases shown after, at most | plain read behind, at most | screens not live | playback without a session | level again after |
| --- | --- | --- | --- | --- | --- |
${record.map(rowOf).join('\n')}

"Plain read": \`GET /entitlements\` without \`atLeast\`. "Level again": from the end of the fault until nothing waits and every screen is live, shows all and plays.

${record.map(sectionOf).join('\n\n')}
`;
}

export async function writePage(record: readonly Noticed[], accounts: number): Promise<void> {
  if (record.length < Object.keys(DRILLS).length) throw new Error('not every drill was held');
  await writeFile(PAGE, pageOf(record, accounts));
}

function rowOf(one: Noticed): string {
  const times = [
    one.shownAfterSeconds,
    one.readBehindSeconds,
    one.notLiveSeconds,
    one.withoutPictureSeconds,
    one.levelAfterSeconds,
  ];
  return `| ${one.drill} | ${times.map((seconds) => `${seconds} s`).join(' | ')} |`;
}

function sectionOf(one: Noticed): string {
  return `## ${one.drill}

${MEANINGS[one.drill]}

${factsOf(one)
  .map((fact) => `- ${fact}`)
  .join('\n')}`;
}

function factsOf({
  asked,
  bought,
  heard,
  madeUp,
  degraded,
  stopped,
  readsWentBack,
}: Noticed): readonly string[] {
  const refusals = Object.entries(asked).flatMap(([ask, { times, refused, outOfReachSeconds }]) =>
    Object.keys(refused).length === 0
      ? []
      : [
          `${LABELS[ask as Ask]}: of ${times}, ${listOf(refused)}; for one account out of reach ${outOfReachSeconds} s at most`,
        ],
  );
  return [
    `${bought} purchases were accepted; screens heard ${heard} changes as messages and read ${madeUp}`,
    ...(refusals.length > 0 ? refusals : ['no request was refused']),
    ...(degraded > 0 ? [`${degraded} starts and heartbeats were answered \`degraded\``] : []),
    Object.keys(stopped).length === 0 ? 'no playback stopped' : `playbacks stopped: ${listOf(stopped)}`,
    ...(readsWentBack > 0 ? [`${readsWentBack} plain reads were older than the one before`] : []),
  ];
}

/** The status 0 is no answer at all. */
function listOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([what, count]) => `${count} × ${what === '0' ? 'no answer' : what}`)
    .join(', ');
}

/** What is to be known of each besides the numbers. */
const MEANINGS: Readonly<Record<Noticed['drill'], string>> = {
  [DRILLS.flush]:
    'Everything in the cache is gone at once while others call: snapshots, slots, heartbeats. The next read fills the snapshot from the table, and the next heartbeat takes the slot again. A session whose slot a newcomer has taken meanwhile is 410 `expired`, and the library starts it again without a word.',
  [DRILLS.throttle]:
    'DynamoDB refuses every call for half a minute, and two of three for another. Purchases are accepted and wait in the queue; what the cache holds is answered, and sessions do not need the table. Whoever knows of a newer version than is cached is asked to come back.',
  [DRILLS.momento]:
    'Connections are cut and refused for a minute. Purchases reach the table, and whoever reads is answered from there. Who plays goes on and who starts is admitted by the table, both `degraded`; a session cannot be ended. Screens say that they are not live, and read what they missed when they are; a purchase whose message waits is pushed up to 80 seconds after the end, after an outage of minutes up to five minutes. Until then the cache may hold the answer from before: whoever has read a newer one from the table in the outage, and then reads without `atLeast`, sees the older one again. The library asks for at least what it shows, and does not.',
  [DRILLS.ssm]:
    'For ten minutes what runs goes on with the secrets it knows; what begins cold answers 503 with `Retry-After`, until Parameter Store is back. At the end of the ten minutes one that nobody has called yet does begin cold, which the test looks into and nobody counts here.',
  [DRILLS.invalid]:
    '`maxStreams: 0`. `cdk synth` refuses it, with the place; here it is put into the functions all the same, for twelve seconds. Those that read the catalogue do not start. Who plays keeps the lease that it has (40 seconds); a deployment that stays longer than that stops playback. Purchases are refused at the door, and whoever takes payments sends them again; what lay in the queue comes back after three minutes, ten times, before it goes to the dead letters. The commit before, deployed again, mends it.',
  [DRILLS.wrong]:
    'A product is renamed: `premium` becomes `premium-plus`, which synth cannot tell from a new one. Accounts that own it lose it as soon as they are read or recomputed, and what plays is `revoked`: within seconds here, because everybody reads. What was accepted and still waited goes to the dead letters as `UnknownProduct`. The commit before does not bring it back, because its catalogue is older than the one accounts were computed with; its contents under a new `catalogVersion` do, one version on, and `npm run redrive -- <stage> --only UnknownProduct` brings what was put aside. Viewers press play again. How to do it: [runbook](runbook.md).',
};
