import fc from 'fast-check';
import { ID } from '../../../shared/domain/ids.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One thing that is broken in a valid document: the `at`-th of its places, counted on from the first after the last. */
export interface Edit {
  readonly at: number;
  readonly how: 'replace' | 'remove' | 'say twice' | 'misname' | 'wrap' | 'put beside';
  readonly to: number;
}

export const edits: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(10_000),
  how: fc.constantFrom(
    'replace',
    'replace',
    'replace',
    'remove',
    'say twice',
    'misname',
    'wrap',
    'put beside',
  ),
  to: fc.nat(10_000),
});

const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const text = (length: number) => JSON.stringify('a'.repeat(length));

/** As they stand in JSON: some have no value in JavaScript that would be written so. */
const VALUES: readonly string[] = [
  'null',
  'false',
  '0',
  '-0',
  '-1',
  '0.5',
  '1e309',
  '-1e309',
  '9007199254740993',
  '123456789012345678901234567890',
  '""',
  '" "',
  '"a b"',
  '"..%2f.."',
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\u202e\\ufeff"',
  '"\\uffff\\ufffe\\u007f"',
  '"__proto__"',
  '"\u{1f600}"',
  text(65),
  text(600),
  text(5000),
  '[]',
  '[null]',
  '["premium"]',
  '{}',
  '{"__proto__":{"status":"active"}}',
  '{"toString":null,"valueOf":0}',
  '{"length":1e9}',
  deep(100),
  deep(3000),
  '{"a":'.repeat(1000) + '0' + '}'.repeat(1000),
  '"0000-01-01T00:00:00.000Z"',
  '"9999-12-31T23:59:59.999Z"',
  '"9999-12-31T23:59:59.999-23:59"',
  '"+275760-09-13T00:00:00.000Z"',
  '"2026-02-30T00:00:00.000Z"',
  '"2026-11-22"',
  '253402300799',
  '253402300800',
];

/** What a careless look-up in an object finds, and other ids that nobody has given out. */
const IDS: readonly string[] = [
  'constructor',
  'toString',
  'hasOwnProperty',
  'a',
  '0',
  'heartbeat',
  'catalog',
].map((id) => JSON.stringify(id));

const NAMES: readonly string[] = ['__proto__', 'constructor', 'toJSON', '', '\u0000'];

/**
 * Whom or what a document is about. Another id there would not be wrong: it would be a purchase of its own, so these
 * are given none.
 */
const WHO = /\/(accountId|purchaseId|usher_account_id|data\/\d+\/id)$/;

/** What Stripe calls a purchase may be any text: it is made into an id. */
const NAMED_BY_STRIPE = /\/(usher_purchase_id|payment_intent|data\/object\/id)$/;
const NO_IDS = VALUES.filter((value) => !value.startsWith('"') || !ID.test(value.slice(1, -1)));
const NO_TEXTS = VALUES.filter((value) => !value.startsWith('"') || value === '""' || value.length > 502);

/** Whether a report is ahead of the clock is asked at the door, and not again of what is in the queue already. */
const PAST_THE_DOOR = /\/(event\/occurredAt|report\/created)$/;
const NOT_AHEAD = VALUES.filter((value) => !/9999|253402300799/.test(value));

/** The document as text, with these edits in it. */
export function writeJson(document: Json, changes: readonly Edit[]): string {
  const places = placesOf(document, '');
  return write(document, '', new Map(changes.map((edit) => [places[edit.at % places.length] ?? '', edit])));
}

/** The path of every value in it, its own among them. */
function placesOf(value: Json, path: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, part]) => placesOf(part, `${path}/${key}`))];
}

function write(value: Json, path: string, changes: ReadonlyMap<string, Edit>): string {
  const edit = changes.get(path);
  const plain = writeParts(value, path, changes);
  if (edit?.how === 'replace' || (edit?.how === 'remove' && path === '')) return nasty(edit, path);
  return edit?.how === 'wrap' ? `[${plain}]` : plain;
}

function writeParts(value: Json, path: string, changes: ReadonlyMap<string, Edit>): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const own = changes.get(path);
  if (Array.isArray(value)) {
    const kept = value.flatMap((part: Json, index) =>
      changes.get(`${path}/${index}`)?.how === 'remove' ? [] : [write(part, `${path}/${index}`, changes)],
    );
    return `[${[...kept, ...(own?.how === 'put beside' ? [nasty(own, path)] : [])].join()}]`;
  }
  const members = Object.entries(value).flatMap(([key, part]) => {
    const place = `${path}/${key}`;
    const edit = changes.get(place);
    const written = write(part, place, changes);
    const member = (name: string, what: string) => `${JSON.stringify(name)}:${what}`;
    switch (edit?.how) {
      case 'remove':
        return [];
      case 'misname':
        return [member(edit.to % 2 === 0 ? `${key} ` : nameOf(edit), written)];
      case 'say twice':
        return [member(key, written), member(key, nasty(edit, place))];
      default:
        return [member(key, written)];
    }
  });
  const more = own?.how === 'put beside' ? [`${JSON.stringify(nameOf(own))}:${nasty(own, path)}`] : [];
  return `{${[...members, ...more].join()}}`;
}

function nasty({ to }: Edit, path: string): string {
  const choice = choiceFor(path);
  return choice[to % choice.length]!;
}

function choiceFor(path: string): readonly string[] {
  if (NAMED_BY_STRIPE.test(path)) return NO_TEXTS;
  if (PAST_THE_DOOR.test(path)) return NOT_AHEAD;
  return WHO.test(path) ? NO_IDS : [...VALUES, ...IDS];
}

function nameOf({ to }: Edit): string {
  return NAMES[to % NAMES.length]!;
}
