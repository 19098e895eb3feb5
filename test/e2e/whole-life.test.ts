import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Check } from '../../local/iam/gate.ts';
import type { Origin } from '../../local/iam/policies.ts';
import { findSecrets, type Place, type Secret } from '../support/secret-scan.ts';
import { deniedWithout, grantsOf, unusedOf, type Grant } from '../support/statements.ts';
import { startStack } from './support.ts';
import { recordAnswers } from './whole-life/answers.ts';
import { beginLife, type Life } from './whole-life/life.ts';
import { placesOf, type Kind } from './whole-life/places.ts';
import { firstDeniedWithout } from './whole-life/removal.ts';
import { functionSecrets, givenSecrets, keptSecrets, viewerSecrets } from './whole-life/secrets.ts';
import { STEPS } from './whole-life/steps.ts';

/* One stack that does everything the product does, once: what its functions asked for, and what it left behind. */

/** How many stacks are started that lack a statement, and which: another seed or number to look further. */
const REMOVALS = Number(process.env['IAM_REMOVALS'] ?? 1);
const SEED = Number(process.env['IAM_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** What no function asks for here, and why. All else that is granted has to be asked for. */
const UNSEEN: Readonly<Record<string, string>> = {
  'logs:CreateLogStream': 'Lambda itself makes the streams of a function’s log, as the function.',
  'logs:PutLogEvents': 'Lambda itself writes what a function prints; here the terminal shows it.',
};

const checks: Check[] = [];
const reported: string[] = [];
const passwords = new Map<string, string>();
const recorder = recordAnswers();
let life: Life;

beforeAll(async () => {
  const stack = await startStack({
    onCheck: (check) => checks.push(check),
    report: (line) => reported.push(line),
  });
  const viewerMade = (username: string, password: string) => passwords.set(username, password);
  life = beginLife({ ...stack, viewerMade });
  const { apiUrl, storeUrl, cognitoEndpoint } = stack.config;
  const doors = { '': apiUrl, 'heartbeat URL': stack.outputs['HeartbeatUrl']! };
  recorder.listenAt({ ...doors, player: stack.playerUrl, store: storeUrl }, cognitoEndpoint);
});
afterAll(async () => {
  recorder.stop();
  await life?.end();
});

describe('in a whole life', () => {
  test.each(STEPS)('$name', async ({ live }) => {
    await expect(live(life)).resolves.toBeUndefined();
  });
});

/** The statements that something can be denied without here. */
function statementsSeen(): readonly Grant[] {
  const seen = grantsOf(life.stage.principals).filter(({ action }) => !(action in UNSEEN));
  return [...new Map(seen.map((grant) => [JSON.stringify(grant.origin), grant])).values()];
}

describe('of what the roles allow', () => {
  test('nothing was lacking', () => {
    expect(checks.filter(({ allowedBy }) => allowedBy === undefined)).toEqual([]);
  });

  test('every action of every statement was needed on each of its resources, but for what is not asked for here', () => {
    const expected = [...life.stage.principals.keys()].flatMap((functionName) =>
      Object.keys(UNSEEN).map((action) => `${functionName}: ${action}`),
    );
    const unused = unusedOf(life.stage.principals, checks);
    const lines = unused.map(({ functionName, action, resource }) =>
      action in UNSEEN ? `${functionName}: ${action}` : `${functionName}: ${action} on ${resource}`,
    );
    expect(lines.toSorted()).toEqual(expected.toSorted());
  });

  test('no statement is there twice: without any of them something would have been denied', () => {
    const idle = statementsSeen().filter(
      ({ origin }) => deniedWithout(origin, life.stage.principals, checks).length === 0,
    );
    expect(idle).toEqual([]);
  });
});

describe('of what is secret', () => {
  let secrets: readonly Secret[];
  let places: Readonly<Record<Kind, readonly Place[]>>;
  beforeAll(async () => {
    const { answers, signIns } = await recorder.recorded();
    secrets = [
      ...(await keptSecrets(life.stage)),
      ...functionSecrets(life.stage),
      ...viewerSecrets(passwords, signIns),
      ...givenSecrets(answers),
    ];
    places = await placesOf(life, { answers, reported });
  });

  test('nothing is anywhere but where it belongs', () => {
    expect(findSecrets(secrets, Object.values(places).flat())).toEqual([]);
  });

  test('all there is was looked for, and everywhere', () => {
    const kinds = secrets.map(({ name }) => name.replace(/ of .*/, ''));
    const kept = [
      'checkout-secrets',
      'momento-data-key',
      'momento-super-key',
      'session-keys',
      'stripe-secrets',
    ];
    const given = ['token', 'cacheToken', 'sessionToken', 'IdToken', 'AccessToken', 'RefreshToken'];
    const others = ['a part', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'the password'];
    expect(new Set(kinds)).toEqual(
      new Set([...kept.map((name) => `/usher/local/${name}`), ...given, ...others]),
    );
    for (const of of Object.values(places)) expect(of.some(({ text }) => text.length > 100)).toBe(true);
    expect(places.assembly.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/\.template\.json$/),
        expect.stringMatching(/^asset\..*index\.mjs$/),
      ]),
    );
  });

  test('any would be found, wherever it was', () => {
    for (const [kind, of] of Object.entries(places)) {
      const [first] = of.toSorted((a, b) => b.text.length - a.text.length);
      for (const secret of [secrets[0]!, secrets.find(({ name }) => name.startsWith('IdToken'))!]) {
        const encoded = Buffer.from(`{"key":"${secret.value}"}`).toString('base64');
        for (const leak of [encoded, secret.value.slice(0, 200)]) {
          const spoilt = { ...first!, text: `${first!.text}${leak}` };
          expect([kind, ...findSecrets([secret], [spoilt])]).toEqual([
            kind,
            { secret: secret.name, place: first!.name },
          ]);
        }
      }
    }
  });
});

describe(`without a statement (IAM_SEED=${SEED})`, () => {
  test(`${REMOVALS} of them, chosen at random, are missed`, { timeout: REMOVALS * 120_000 }, async () => {
    const some = fc.shuffledSubarray([...statementsSeen()], { minLength: REMOVALS, maxLength: REMOVALS });
    const [removed = []] = fc.sample(some, { seed: SEED, numRuns: 1 });
    for (const { origin, functionName } of removed) {
      const denied = await firstDeniedWithout(origin);
      expect({ origin, denied }).toEqual({ origin, denied: oneOf(origin, functionName) });
    }
  });
});

/** A check that only this statement allows. */
function oneOf(origin: Origin, functionName: string): unknown {
  const of = grantsOf(life.stage.principals).filter((grant) => grant.origin === origin);
  return expect.objectContaining({
    functionName,
    action: expect.toBeOneOf(of.map(({ action }) => action)),
    resource: expect.toBeOneOf(of.map(({ resource }) => resource)),
  });
}
