import { batchesOf, sendBatch, stageQueue } from './checkout-queue.ts';
import { parseStageCommandLine } from './command-line.ts';
import { Complaint, WrongUsage, type Say } from './command.ts';
import { deadLetters, type DeadLetter, type DeadLetters } from './dead-letters.ts';
import { progress } from './progress.ts';
import { chosen, pilesOf, type Pile } from './sorted-letters.ts';
import type { StageAccess } from './stage.ts';

export const USAGE = `npm run redrive -- <stage> [--yes] [--only <reason or id>,…]

  <stage>  dev, prod, a branch, or local for what npm start runs
  --yes    send them back without asking
  --only   exactly these: names of reasons, or ids of messages; without it all but those that are wrong in
           themselves (Malformed, UnknownProduct, unmapped), which would only be put aside again`;

interface World {
  /** Asks whoever sits there. */
  readonly saysYes: (prompt: string) => Promise<boolean>;
  /** Aborted when the command is to end; it then ends in good order. */
  readonly interrupted: AbortSignal;
  /** How many are taken in hand at once; 10,000 unless given: they are held in memory. */
  readonly most?: number;
  /** How long SQS is to look for a further message; 1 unless given. At 0 it looks at some of its servers only. */
  readonly longPollSeconds?: number;
}

/** What SQS lets be hidden at once is 120,000. */
const MOST = 10_000;
const PILES_SHOWN = 10;
const LETTERS_SHOWN = 3;

/**
 * The command that shows what lies in the dead-letter queue and sends it back. Each message is sent first and deleted
 * after, so that none is lost whenever it ends; one that is there twice takes effect once. SQS's own redrive
 * (StartMessageMoveTask) would move everything, what is wrong in itself included, and hand the reasons on.
 */
export function redriveDeadLetters(world: World) {
  return async (args: readonly string[], say: Say): Promise<void> => {
    const { stage, values } = parseStageCommandLine(args, {
      operands: [],
      options: { yes: { type: 'boolean' }, only: { type: 'string' } },
    });
    const only = namesIn(values.only);
    const letters = await deadLetters(stage, world.longPollSeconds ?? 1);
    const { visible, hidden } = await letters.count();
    const inHand = new Set(await letters.take(world.most ?? MOST, world.interrupted));
    try {
      requireGoingOn(world);
      const back = chosen([...inHand], inHand.size === 0 ? undefined : only);
      show(say, stage, { inHand, back, visible, hidden });
      if (back.size === 0) return;
      const confirmed = values.yes ?? (await world.saysYes(`Send ${messages(back.size)} back?`));
      if (!confirmed) return say('Nothing was sent back. To do it: --yes');
      await sendBack(world, { stage, letters, inHand, back: [...back] }, say);
    } finally {
      const late = await letters.putBack([...inHand]);
      if (late > 0) say(`${messages(late)} will be seen here again within a quarter of an hour.`);
    }
  };
}

interface Redrive {
  readonly stage: StageAccess;
  readonly letters: DeadLetters;
  /** Those that are sent back leave it. */
  readonly inHand: Set<DeadLetter>;
  readonly back: readonly DeadLetter[];
}

async function sendBack(world: World, { stage, letters, inHand, back }: Redrive, say: Say): Promise<void> {
  const queue = await stageQueue(stage, 'checkout');
  const tell = progress(say, back.length);
  let [sent, twice] = [0, 0];
  for (const batch of batchesOf(back)) {
    if (world.interrupted.aborted) {
      throw new Complaint(
        `Stopped: ${sent} of ${messages(back.length)} sent back; the others lie where they lay.`,
      );
    }
    const taken = await sendBatch(
      queue,
      batch.map(({ body }) => body),
    );
    const gone = taken.flatMap((index) => batch[index] ?? []);
    twice += await letters.remove(gone);
    for (const letter of gone) inHand.delete(letter);
    sent += gone.length;
    tell(sent);
  }
  if (twice > 0)
    say(`  ${messages(twice)} could not be deleted and will be there again, which does no harm.`);
  if (sent < back.length) {
    throw new Complaint(`SQS has taken ${sent} of ${messages(back.length)}: run this again for the others.`);
  }
  say(`${messages(sent)} sent back. What fails again will lie here again, with its reason.`);
}

interface Found {
  readonly inHand: ReadonlySet<DeadLetter>;
  readonly back: ReadonlySet<DeadLetter>;
  readonly visible: number;
  readonly hidden: number;
}

function show(say: Say, { name }: StageAccess, { inHand, back, visible, hidden }: Found): void {
  if (inHand.size === 0) say(`No message lies in the dead-letter queue of '${name}'.`);
  else say(`${messages(inHand.size)} in the dead-letter queue of '${name}':`);
  const piles = pilesOf([...inHand]);
  for (const pile of piles.slice(0, PILES_SHOWN)) say(pileTold(pile, back));
  if (piles.length > PILES_SHOWN) say(`  and for ${piles.length - PILES_SHOWN} other reasons`);
  if (hidden > 0) {
    say(
      `About ${hidden} more are hidden: someone else looks at them, or did within the last quarter of an hour.`,
    );
  }
  const further = visible - inHand.size;
  if (further > 0) say(`About ${further} more will be shown when this is run again.`);
}

function pileTold({ kind, reason, letters }: Pile, back: ReadonlySet<DeadLetter>): string {
  const going = letters.filter((letter) => back.has(letter)).length;
  const fate =
    going === letters.length ? 'go back' : going === 0 ? 'stay' : `${going} go back, the others stay`;
  const oldest = new Date(letters[0]?.sentAtMs ?? 0).toISOString().slice(0, 19);
  const shown = letters.slice(0, LETTERS_SHOWN).map(letterTold);
  const more = letters.length > shown.length ? `, and ${letters.length - shown.length} more` : '';
  return `  ${letters.length} ${kind} (${fate}; the oldest of ${oldest}Z): ${reason.slice(0, 200)}\n    ${shown.join('\n    ')}${more}`;
}

function letterTold({ id, accountId, eventId }: DeadLetter): string {
  const account = accountId === undefined ? '' : ` account ${accountId}`;
  return `${id}${account}${eventId === undefined ? '' : ` event ${eventId}`}`;
}

function messages(count: number): string {
  return count === 1 ? '1 message' : `${count} messages`;
}

function requireGoingOn({ interrupted }: World): void {
  if (interrupted.aborted) throw new Complaint('Stopped: nothing was sent back.');
}

/** @throws WrongUsage for a list that holds nothing, which would be a slip */
function namesIn(list: string | undefined): readonly string[] | undefined {
  const names = list?.split(',').map((name) => name.trim());
  if (names?.includes(''))
    throw new WrongUsage('--only takes reasons or ids, as in UnknownProduct,no-reason.');
  return names;
}
