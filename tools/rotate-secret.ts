import type { Ask } from './ask.ts';
import { parseStageCommandLine } from './command-line.ts';
import { Complaint, WrongUsage, type Say } from './command.ts';
import { makeCheckoutSecret } from './made-secrets.ts';
import { requireData, requireSuper } from './momento-keys.ts';
import { parameterPath, parameterStore, type ParameterStore, type Stored } from './parameter-store.ts';
import { oldKeyTold, rotateSessionKeys, rotateSigningSecrets, type Asked, type Sender } from './rotations.ts';
import { requireStripeSecret, STRIPE_SECRET } from './stripe-secret.ts';
import type { StageAccess } from './stage.ts';

const KEYS = ['momento-super-key', 'momento-data-key'] as const;
const NAMES = ['checkout-secrets', 'stripe-secrets', 'session-keys', ...KEYS] as const;
type Name = (typeof NAMES)[number];
type Key = (typeof KEYS)[number];

export const USAGE = `npm run rotate -- <stage> <secret> [--finish | --leaked] [--ssm-stage <name>]

  <stage>      dev, prod, a branch, or local for what npm start runs
  <secret>     ${NAMES.join(', ')}
  --finish     the last step: the old secret is let go
  --leaked     the old secret is let go at once, whatever that breaks
  --ssm-stage  whose parameters the stage reads, if not its own

A new key of Momento's or secret of Stripe's is asked for or, without a terminal, read from the standard input as a
line name=value. All others are made.`;

interface World {
  readonly ask: Ask;
  /** The clock, in ms. */
  readonly now: () => number;
}

interface Rotation {
  readonly stage: StageAccess;
  readonly store: ParameterStore;
  readonly asked: Asked;
}

/** The command that takes a rotation one step further, and says when the next one may follow. */
export function rotateSecret(world: World) {
  return async (args: readonly string[], say: Say): Promise<void> => {
    const { stage, operands, values } = parseStageCommandLine(args, {
      operands: ['secret'],
      options: { finish: { type: 'boolean' }, leaked: { type: 'boolean' } },
    });
    const name = NAMES.find((each) => each === operands.secret);
    if (name === undefined) throw new WrongUsage(`The secret is one of ${NAMES.join(', ')}.`);
    const asked = { finish: values.finish ?? false, leaked: values.leaked ?? false };
    if (asked.finish && asked.leaked) throw new WrongUsage('Say one of --finish and --leaked.');

    const rotation = { stage, store: parameterStore(stage), asked };
    const { account, region } = await rotation.store.whereabouts();
    say(`AWS account ${account}, region ${region}, ${parameterPath(stage, name)}:`);
    say(await (isKey(name) ? rotateKey(world, rotation, name) : rotateByStep(world, rotation, name)));
  };
}

async function rotateByStep(
  { ask, now }: World,
  { stage, store, asked }: Rotation,
  name: Exclude<Name, Key>,
): Promise<string> {
  const inForce = required(stage, await store.read([name]), name);
  const steps = {
    'checkout-secrets': () => rotateSigningSecrets(PAYMENT_SIDE, inForce, asked, now()),
    'stripe-secrets': () => rotateSigningSecrets(stripeSide(ask, inForce), inForce, asked, now()),
    'session-keys': () => rotateSessionKeys(inForce, asked, now()),
  };
  const { value, told } = await steps[name]();
  await store.replace(name, value, inForce);
  return told;
}

const PAYMENT_SIDE: Sender = {
  who: 'the payment side',
  fresh: makeCheckoutSecret,
  switching: 'give the first to the payment side. When it has signed with that for five minutes',
};

function stripeSide(ask: Ask, { value }: Stored): Sender {
  return {
    who: 'Stripe',
    async fresh() {
      const secret = await ask(STRIPE_SECRET);
      requireStripeSecret(secret);
      if (value.split(/\s+/).includes(secret)) {
        throw new Complaint(
          'This secret is in force already: roll it in Stripe’s dashboard, and give the new one.',
        );
      }
      return secret;
    },
    switching: 'when the old one has expired at Stripe, which signs with both for as long as you chose there',
  };
}

async function rotateKey({ ask, now }: World, { stage, store, asked }: Rotation, name: Key): Promise<string> {
  const told = oldKeyTold(now(), asked);
  const stored = await store.read([name, 'momento-endpoint']);
  const inForce = required(stage, stored, name);
  const { value: endpoint } = required(stage, stored, 'momento-endpoint');
  const key = await ask({ name, prompt: `The new ${name} (is not shown)`, secret: true });
  if (key === inForce.value) throw new Complaint('This is the key that is in force: make another one.');
  const tried = { name, key, endpoint };
  await (name === 'momento-super-key' ? requireSuper : requireData)(tried, stage.momentoCacheName);
  await store.replace(name, key, inForce);
  return `Momento accepts the new key, and it is in force.\n${told}`;
}

function isKey(name: Name): name is Key {
  return KEYS.some((each) => each === name);
}

function required<Wanted extends Name | 'momento-endpoint'>(
  stage: StageAccess,
  stored: ReadonlyMap<Wanted, Stored>,
  name: Wanted,
): Stored {
  const found = stored.get(name);
  if (found) return found;
  throw new Complaint(
    `Parameter Store holds no ${parameterPath(stage, name)}: look at AWS_REGION, or set the stage up first ` +
      `(npm run setup). A stage that shares another's secrets takes --ssm-stage.`,
  );
}
