import type { ParameterName } from '../lib/parameters.ts';
import { parseSessionKeys } from '../shared/session-tokens/session-keys.ts';
import type { Ask, Question } from './ask.ts';
import { parseStageCommandLine } from './command-line.ts';
import { Complaint, type Say } from './command.ts';
import { concurrencyTold } from './lambda-concurrency.ts';
import { makeCheckoutSecret, makeSessionKey } from './made-secrets.ts';
import { requireData, requireEndpoint, requireSuper } from './momento-keys.ts';
import { parameterFolder, parameterPath, parameterStore, type Stored } from './parameter-store.ts';
import type { StageAccess } from './stage.ts';
import { requireStripeSecret, STRIPE_SECRET } from './stripe-secret.ts';

export const USAGE = `npm run setup -- <stage> [--stripe] [--ssm-stage <name>]

  <stage>      dev, prod, a branch, or local for what npm start runs
  --stripe     the stage takes Stripe's webhooks: stripe-secrets too, once Stripe has told it for the stage's address
  --ssm-stage  whose parameters the stage is to read, if not its own

What Parameter Store has already is kept. Of the rest, momento-endpoint, momento-super-key, momento-data-key
and stripe-secrets are asked for or, without a terminal, read from the standard input as lines name=value.`;

interface World {
  readonly ask: Ask;
}

const ASKED = {
  'momento-endpoint': { prompt: 'Momento endpoint (cell-….momentohq.com)', secret: false },
  'momento-super-key': { prompt: 'Momento API key, super user (is not shown)', secret: true },
  'momento-data-key': { prompt: 'Momento API key, cache and topics (is not shown)', secret: true },
} as const;

const MADE = {
  'checkout-secrets': makeCheckoutSecret,
  'session-keys': () => JSON.stringify({ current: makeSessionKey() }),
} as const;

const NAMES = [...Object.keys(ASKED), ...Object.keys(MADE)] as (keyof typeof ASKED | keyof typeof MADE)[];

/** What Momento lets an account have until it asks for more: docs.momentohq.com/cache/limits, November 2026. */
const CACHES_AT_FIRST = 3;

/**
 * The command that puts what a stage needs into Parameter Store, once it has shown to be right; nothing is written
 * before that. Run again, it goes on where it stopped, and checks everything anew.
 */
export function setUpStage({ ask }: World) {
  return async (args: readonly string[], say: Say): Promise<void> => {
    const { typed, stage, values } = parseStageCommandLine(args, {
      operands: [],
      options: { stripe: { type: 'boolean' } },
    });
    const names = values.stripe ? ([...NAMES, 'stripe-secrets'] as const) : NAMES;
    const store = parameterStore(stage);
    const { account, region } = await store.whereabouts();
    say(`AWS account ${account}, region ${region}; parameters under ${parameterFolder(stage)}`);

    const found = await store.read(names);
    for (const [name, { value }] of found) requireSound(stage, name, value);
    const value = async (name: keyof typeof ASKED) => found.get(name)?.value ?? (await ask(questionOf(name)));
    const endpoint = await value('momento-endpoint');
    requireEndpoint(endpoint);
    const superKey = await value('momento-super-key');
    const dataKey = await value('momento-data-key');
    const stripeSecret = values.stripe && !found.has('stripe-secrets') ? await ask(STRIPE_SECRET) : undefined;
    if (stripeSecret !== undefined) requireStripeSecret(stripeSecret);

    say(`Trying the keys at ${endpoint} …`);
    const { momentoCacheName } = stage;
    const caches = await requireSuper(
      { name: 'momento-super-key', key: superKey, endpoint },
      momentoCacheName,
    );
    const used = await requireData({ name: 'momento-data-key', key: dataKey, endpoint }, momentoCacheName);
    say('  momento-super-key mints tokens and manages caches');
    say(`  momento-data-key ${used ? 'reads, writes and publishes, and' : 'is accepted, and'} mints nothing`);
    say(`  ${cachesTold(caches, momentoCacheName)}`);
    const concurrency = await concurrencyTold(stage);
    if (concurrency !== undefined) say(`  ${concurrency}`);

    const wanted: Readonly<Record<(typeof names)[number], () => string>> = {
      'momento-endpoint': () => endpoint,
      'momento-super-key': () => superKey,
      'momento-data-key': () => dataKey,
      'stripe-secrets': () => stripeSecret ?? '',
      ...MADE,
    };
    for (const name of names) {
      const created = !found.has(name) && (await store.create(name, wanted[name]()));
      say(`  ${parameterPath(stage, name)} ${created ? 'created' : 'is there, kept'}`);
    }
    say(nextOf(typed, stage));
  };
}

function questionOf(name: keyof typeof ASKED): Question {
  return { name, ...ASKED[name] };
}

/** What functions would stumble over later. */
function requireSound(stage: StageAccess, name: ParameterName, value: Stored['value']): void {
  const isList = name === 'checkout-secrets' || name === 'stripe-secrets';
  if (isList && !value.split(/\s+/).every((secret) => secret.startsWith('whsec_'))) {
    throw new Complaint(
      `${parameterPath(stage, name)} is not a list of whsec_… with spaces between: correct it, or delete it.`,
    );
  }
  if (name !== 'session-keys') return;
  try {
    parseSessionKeys(value);
  } catch (error) {
    const complaint = error instanceof Error ? error.message : String(error);
    throw new Complaint(`${parameterPath(stage, name)}: ${complaint}. Correct it, or delete it.`);
  }
}

function cachesTold(caches: readonly string[], cacheName: string): string {
  const count = caches.length === 1 ? 'one cache' : `${caches.length} caches`;
  const told = `Momento's account has ${count}`;
  if (caches.includes(cacheName)) return `${told}, ${cacheName} among them`;
  if (caches.length < CACHES_AT_FIRST) return `${told}; ${cacheName} will be made with the stack`;
  return (
    `${told}, and ${cacheName} will be one more when the stack is deployed: an account has ${CACHES_AT_FIRST} at ` +
    `first.\n  Unless yours may have more, delete one (npx cdk destroy of a stage that is done with) or ask Momento.`
  );
}

function nextOf(typed: string, { name, ssmName }: StageAccess): string {
  if (name === 'local') return 'All is well: npm start runs with these.';
  return `Next: npx cdk deploy -c stageName=${quoted(typed)} -c ssmStageName=${ssmName}`;
}

/** As a shell takes it: git lets a branch be called nearly anything. */
function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
