/** Devices are counted by intervals of the clock: `{accountId}-{marker}` names the dictionary of one. */
export interface Interval {
  /** Its start, in milliseconds since the epoch. */
  readonly marker: number;
  readonly lengthMs: number;
}

/** The interval that this moment lies in. */
export function intervalAt(nowMs: number, lengthMs: number): Interval {
  return { marker: Math.floor(nowMs / lengthMs) * lengthMs, lengthMs };
}

/** The last one that is complete. */
export function intervalBefore({ marker, lengthMs }: Interval): Interval {
  return { marker: marker - lengthMs, lengthMs };
}

export function dictionaryOf(accountId: string, { marker }: Interval): string {
  return `${accountId}-${marker}`;
}

/**
 * A device may beat this many times as often as it is told before it is turned away: two tabs, a reload and an
 * eager television are no attack.
 */
const TOLERATED = 10;

/** How many heartbeats of one device an interval takes. */
export function mostHeartbeats({ lengthMs }: Pick<Interval, 'lengthMs'>, heartbeatSeconds: number): number {
  return Math.max(1, Math.ceil(lengthMs / (heartbeatSeconds * 1000))) * TOLERATED;
}
