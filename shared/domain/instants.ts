/** An instant in ISO 8601, UTC, with milliseconds: `2026-11-22T10:00:00.000Z`. */
export type Instant = string;

const SHAPE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** Four digits of a year are all that the format has. */
const FIRST_MS = Date.parse('0000-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** True for a real ISO 8601 instant with a zone; `2026-02-30T00:00:00Z` is none. */
export function isInstant(text: string): boolean {
  if (!SHAPE.test(text)) return false;
  const ms = Date.parse(text);
  if (!(ms >= FIRST_MS && ms <= LAST_MS)) return false; // NaN neither
  // JavaScript rolls 30 February over to 2 March, which would silently move an expiry.
  const day = Number(text.slice(8, 10));
  return new Date(`${text.slice(0, 10)}T00:00:00Z`).getUTCDate() === day;
}

/** Milliseconds since the epoch: instants are compared as these, never as strings. */
export function toMs(instant: Instant): number {
  return Date.parse(instant);
}

/** The instant, at most the last one of the year 9999: stores write "for ever" so, and a grace would go beyond. */
export function fromMs(ms: number): Instant {
  return new Date(Math.min(ms, LAST_MS)).toISOString();
}
