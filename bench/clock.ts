/** Milliseconds since 1970, with fractions: to be compared between processes of one machine, not with its calendar. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
