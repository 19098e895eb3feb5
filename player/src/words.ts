import type { Instant } from '../../shared/domain/instants.ts';
import { toMs } from '../../shared/domain/instants.ts';

const days = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' });
const moments = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const times = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' });
const clockTimes = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const countries = new Intl.DisplayNames('en', { type: 'region' });
const alternatives = new Intl.ListFormat('en-GB', { type: 'disjunction' });

/** "1 April 2027", where the viewer is. */
export function dayOf(instant: Instant): string {
  return days.format(toMs(instant));
}

/** "1 Apr 2027, 09:00", where the viewer is. */
export function momentOf(instant: Instant): string {
  return moments.format(toMs(instant));
}

/** "09:00", where the viewer is. */
export function timeOf(instant: Instant): string {
  return times.format(toMs(instant));
}

/** "09:00:07", where the viewer is. */
export function clockTimeOf(ms: number): string {
  return clockTimes.format(ms);
}

/** "Japan" for JP. */
export function countryName(code: string | undefined): string {
  return code === undefined ? 'an unknown country' : (countries.of(code) ?? code);
}

/** "a, b or c". */
export function anyOf(names: readonly string[]): string {
  return alternatives.format(names);
}

/** "1 title", "2 titles". */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
