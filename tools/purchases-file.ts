import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { parseCheckoutEvent, requireNotAhead } from '../shared/checkout-event.ts';
import type { Catalog } from '../shared/domain/catalog.ts';
import type { Purchase } from '../shared/domain/purchases.ts';
import { Malformed, UnknownProduct } from '../shared/errors.ts';
import { Complaint } from './command.ts';

interface World {
  /** Which products there are. */
  readonly catalog: Catalog;
  readonly now: () => number;
}

export interface CheckedFile {
  readonly events: number;
  /** Of the events, so that another content is not taken for the same. */
  readonly sha256: string;
}

/** A file with many mistakes has one cause, which shows in the first few. */
const MISTAKES_SHOWN = 20;
/** An event is a few hundred characters: this is a file without line breaks, and need not fill the memory. */
const LONGEST_LINE = 1_000_000;

/**
 * Reads the whole file, line by line: checkout events in JSON, empty lines between them or not.
 * @throws Complaint with the numbers of the lines that are wrong, and why
 */
export async function checkFile(world: World, file: string): Promise<CheckedFile> {
  const hash = createHash('sha256');
  const mistakes: string[] = [];
  let [events, wrong] = [0, 0];
  for await (const { number, text } of linesOf(file)) {
    hash.update(`${text}\n`);
    events++;
    const mistake = mistakeIn(() => purchaseIn(world, text));
    if (mistake === undefined) continue;
    wrong++;
    if (mistakes.length < MISTAKES_SHOWN) mistakes.push(`  line ${number}: ${mistake}`);
  }
  if (wrong > 0) {
    const more = wrong > mistakes.length ? `\n  and ${wrong - mistakes.length} more` : '';
    throw new Complaint(
      `${wrong} of ${events} events are wrong, and nothing was sent (catalogue ${world.catalog.catalogVersion}):\n` +
        mistakes.join('\n') +
        more,
    );
  }
  if (events === 0) throw new Complaint(`${file} holds no event.`);
  return { events, sha256: hash.digest('hex') };
}

/** The purchases of a file that has been checked, but for the first `skip`. */
export async function* purchasesIn(world: World, file: string, skip: number): AsyncGenerator<Purchase> {
  let before = 0;
  for await (const { number, text } of linesOf(file)) {
    if (before++ < skip) continue;
    if (mistakeIn(() => purchaseIn(world, text)) !== undefined) {
      throw new Complaint(`${file} has changed since it was checked: line ${number} is wrong now.`);
    }
    yield purchaseIn(world, text);
  }
}

interface Line {
  /** As an editor counts, from 1. */
  readonly number: number;
  readonly text: string;
}

/** Those that are not empty. */
async function* linesOf(file: string): AsyncGenerator<Line> {
  let [number, begun] = [0, ''];
  const next = (text: string): Line => ({ number: ++number, text: text.replace(/^\uFEFF/, '').trim() });
  try {
    for await (const chunk of createReadStream(file, 'utf8')) {
      const [first = '', ...lines] = String(chunk).split('\n');
      begun += first;
      for (const line of lines) {
        const whole = next(begun);
        if (whole.text !== '') yield whole;
        begun = line;
      }
      if (begun.length > LONGEST_LINE)
        throw new Complaint(`Line ${number + 1} of ${file} is no single event.`);
    }
  } catch (cause) {
    if (!(cause instanceof Error) || !('syscall' in cause) || !('code' in cause)) throw cause;
    throw new Complaint(`${file} cannot be read: ${String(cause.code)}.`, { cause });
  }
  const last = next(begun);
  if (last.text !== '') yield last;
}

function purchaseIn({ catalog, now }: World, text: string): Purchase {
  const purchase = parseCheckoutEvent(jsonOf(text), catalog);
  requireNotAhead(purchase, now());
  return purchase;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Malformed(undefined, 'it is not JSON');
  }
}

function mistakeIn(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    if (error instanceof Malformed || error instanceof UnknownProduct) return error.message;
    throw error;
  }
}
