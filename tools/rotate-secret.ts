import type { Ask } from './ask.ts';
import { parseStageCommandLine } from './command-line.ts';
import { Complaint, WrongUsage, type Say } from './command.ts';
import { requireData, requireSuper } from './momento-keys.ts';
import { parameterPath, parameterStore, type ParameterStore, type Stored } from './parameter-store.ts';
import { oldKeyTold, rotateCheckoutSecrets, rotateSessionKeys, type Asked } from './rotations.ts';
import type { StageAccess } from './stage.ts';

const MADE = { 'checkout-secrets': rotateCheckoutSecrets, 'session-keys': rotateSessionKeys } as const;
const GIVEN = ['momento-super-key', 'momento-data-key'] as const;
type Made = keyof typeof MADE;
type Given = (typeof GIVEN)[number];
const NAMES = [...(Object.keys(MADE) as Made[]), ...GIVEN];

export const USAGE = `npm run rotate -- <stage> <secret> [--finish | --leaked] [--ssm-stage <name>]

  <stage>      dev, prod, a branch, or local for what npm start runs
  <secret>     ${NAMES.join(', ')}
  --finish     the last step: the old secret is let go
  --leaked     the old secret is let go at once, whatever that breaks
  --ssm-stage  whose parameters the stage reads, if not its own

A new key of Momento's is asked for or, without a terminal, read from the standard input as a line name=value.`;

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
    say(isGiven(name) ? await rotateGiven(world, rotation, name) : await rotateMade(world, rotation, name));
  };
}

async function rotateMade({ now }: World, { stage, store, asked }: Rotation, name: Made): Promise<string> {
  const stored = await store.read([name]);
  const inForce = required(stage, stored, name);
  const { value, told } = MADE[name](inForce, asked, now());
  await store.replace(name, value, inForce);
  return told;
}

async function rotateGiven(
  { ask, now }: World,
  { stage, store, asked }: Rotation,
  name: Given,
): Promise<string> {
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

function isGiven(name: Made | Given): name is Given {
  return GIVEN.some((each) => each === name);
}

function required<Name extends Made | Given | 'momento-endpoint'>(
  stage: StageAccess,
  stored: ReadonlyMap<Name, Stored>,
  name: Name,
): Stored {
  const found = stored.get(name);
  if (found) return found;
  throw new Complaint(
    `Parameter Store holds no ${parameterPath(stage, name)}: look at AWS_REGION, or set the stage up first ` +
      `(npm run setup). A stage that shares another's secrets takes --ssm-stage.`,
  );
}
