import { Complaint } from './command.ts';
import type { DeadLetter } from './dead-letters.ts';

/** Letters that were put aside for the same reason. */
export interface Pile {
  /** What `--only` takes: the error that the reason begins with or, where it names none, one of ours. */
  readonly kind: string;
  readonly reason: string;
  readonly letters: readonly DeadLetter[];
}

/** The name of what SQS itself has put aside, after ten receives. */
const NO_REASON = 'no-reason';

/** The name of what a payment provider has reported and nobody could map; its reason is a sentence. */
const UNMAPPED = 'unmapped';

/** What is wrong in itself: sent back, it would be put aside again. */
const HOPELESS = new Set(['Malformed', 'UnknownProduct', UNMAPPED]);

/** The largest first. */
export function pilesOf(letters: readonly DeadLetter[]): readonly Pile[] {
  const byReason = Map.groupBy(letters, ({ reason }) => reason);
  return [...byReason]
    .map(([reason, pile]) => ({
      kind: kindOf({ reason }),
      reason: reason ?? 'it made the function itself fail, ten times',
      letters: pile.toSorted((one, other) => one.sentAtMs - other.sentAtMs),
    }))
    .toSorted((one, other) => other.letters.length - one.letters.length);
}

/**
 * Which to send back: all but those that are wrong in themselves or, where kinds and ids are named, exactly those.
 * @throws Complaint when a name fits none
 */
export function chosen(
  letters: readonly DeadLetter[],
  only: readonly string[] | undefined,
): ReadonlySet<DeadLetter> {
  if (only === undefined) return new Set(letters.filter((letter) => !HOPELESS.has(kindOf(letter))));
  const fits = (name: string) => (letter: DeadLetter) => name === letter.id || name === kindOf(letter);
  const unknown = only.find((name) => !letters.some(fits(name)));
  if (unknown !== undefined) {
    const kinds = [...new Set(letters.map(kindOf))].join(', ');
    throw new Complaint(
      `None of the messages is ${unknown}: --only takes ids of messages, or of the reasons ${kinds}.`,
    );
  }
  return new Set(letters.filter((letter) => only.some((name) => fits(name)(letter))));
}

function kindOf({ reason }: Pick<DeadLetter, 'reason'>): string {
  if (reason === undefined) return NO_REASON;
  return /^([A-Z]\w*): /.exec(reason)?.[1] ?? UNMAPPED;
}
