import {
  parseSessionKeys,
  publicKeysOf,
  type PrivateKey,
  type SessionKeys,
} from '../shared/session-tokens/session-keys.ts';
import { FRESH_MS } from '../shared/secrets.ts';
import { Complaint, WrongUsage } from './command.ts';
import { makeSessionKey } from './made-secrets.ts';

/* What each step of a rotation puts in the place of what is in force, so that no request fails in between. */

export interface RotationStep {
  readonly value: string;
  /** What it means, and what comes next. */
  readonly told: string;
}

export interface Asked {
  /** Take the old secret out. */
  readonly finish: boolean;
  /** The old secret is known to others: let it go at once, with whatever that breaks. */
  readonly leaked: boolean;
}

interface InForce {
  readonly value: string;
  /** Since when. */
  readonly modifiedAtMs: number;
}

/** `GET /.well-known/jwks.json` is kept for as long again by whoever asked. */
const PUBLISHED_MS = 2 * FRESH_MS;
/** No session lives longer without a heartbeat, on any stage: the most that `leaseSeconds` takes. */
const LONGEST_LEASE_MS = 60 * 60_000;
/** Until nobody can hold a valid token of a key that signs no more. */
const OUTLIVED_MS = FRESH_MS + LONGEST_LEASE_MS;

/** Whoever signs what is sent to us, and where her secrets come from. */
export interface Sender {
  readonly who: string;
  /** A secret that is none of those in force. */
  readonly fresh: () => string | Promise<string>;
  /** What the operator does between the first step and the last. */
  readonly switching: string;
}

/** The new secret first, the old one after it; and then the new one alone. @throws Complaint */
export async function rotateSigningSecrets(
  { who, fresh, switching }: Sender,
  { value, modifiedAtMs }: InForce,
  { finish, leaked }: Asked,
  nowMs: number,
): Promise<RotationStep> {
  const secrets = value.split(/\s+/).filter((secret) => secret !== '');
  const [first = '', ...others] = secrets;
  if (leaked) {
    return {
      value: await fresh(),
      told:
        'The new secret is the only one. Within five minutes every delivery that is signed with an old one is ' +
        `answered with 401: have ${who} sign with the new one, and deliver again what was refused.`,
    };
  }
  if (finish) {
    if (others.length === 0) throw new Complaint('There is one secret only: nothing is to be finished.');
    requireAge(modifiedAtMs, FRESH_MS, nowMs, 'functions may not know the new secret yet');
    const gone = others.length === 1 ? 'the other' : `${others.length} others`;
    return {
      value: first,
      told: `The first secret is the only one; ${gone} will be refused within five minutes.`,
    };
  }
  if (others.length > 0) {
    throw new Complaint(
      `There are ${secrets.length} secrets already. Once ${who} signs with the first, let the rest go: --finish.`,
    );
  }
  return {
    value: `${await fresh()} ${first}`,
    told:
      'The new secret is the first, the old one the second: both verify.\n' +
      `Next: ${switching}, run this again with --finish, not before ${clock(nowMs + FRESH_MS)}.`,
  };
}

/** `next`, then `current` with the old one as `previous`, then `current` alone. @throws Complaint */
export async function rotateSessionKeys(
  { value, modifiedAtMs }: InForce,
  { finish, leaked }: Asked,
  nowMs: number,
): Promise<RotationStep> {
  if (leaked) {
    return {
      value: textOf({ current: makeSessionKey() }),
      told:
        'A new key is the only one. Within five minutes, ten where answers are cached, tokens of the old one are ' +
        'refused with 401 and players start their sessions anew.',
    };
  }
  const { current, next, previous } = sound(value);
  if (finish) {
    if (next) throw new Complaint('The next key does not sign yet: run this without --finish first.');
    if (!previous) throw new Complaint('There is no previous key: nothing is to be finished.');
    requireAge(modifiedAtMs, OUTLIVED_MS, nowMs, 'tokens of the previous key may still be valid');
    return { value: textOf({ current }), told: 'The previous key is gone. The rotation is done.' };
  }
  if (next) {
    requireAge(modifiedAtMs, PUBLISHED_MS, nowMs, 'whoever verifies may not know the next key yet');
    return {
      value: textOf({ current: next, previous: withoutPrivateHalf(current) }),
      told:
        'The next key is the current one: functions sign with it within five minutes. The old one still verifies.\n' +
        `Next: run this with --finish, not before ${clock(nowMs + OUTLIVED_MS)}; later does no harm.`,
    };
  }
  if (previous) {
    throw new Complaint(
      'The previous key of the last rotation is still there: let it go first, with --finish.',
    );
  }
  return {
    value: textOf({ current, next: makeSessionKey() }),
    told:
      'A new key is the next one: it is published, and does not sign yet.\n' +
      `Next: run this again, not before ${clock(nowMs + PUBLISHED_MS)}, and later if whoever verifies tokens ` +
      'keeps the keys for longer than five minutes.',
  };
}

/** What to do about the old one of Momento's keys. */
export function oldKeyTold(nowMs: number, { finish, leaked }: Asked): string {
  if (finish)
    throw new WrongUsage('A key of Momento’s has no second step: revoke the old one in its console.');
  if (leaked) {
    return (
      'Next: revoke the old key in Momento’s console now. A function that is refused fetches the new one at once. ' +
      'Tokens that the old one has minted live on until they expire.'
    );
  }
  return (
    `Next: revoke the old key in Momento's console, best after ${clock(nowMs + FRESH_MS)}, when every function ` +
    'has fetched the new one.'
  );
}

function requireAge(sinceMs: number, ageMs: number, nowMs: number, otherwise: string): void {
  if (nowMs - sinceMs >= ageMs) return;
  throw new Complaint(
    `Too early: ${otherwise}. The last step was at ${clock(sinceMs)}; run this after ${clock(sinceMs + ageMs)}.`,
  );
}

function sound(value: string): SessionKeys {
  try {
    return parseSessionKeys(value);
  } catch (error) {
    throw new Complaint(`${error instanceof Error ? error.message : String(error)}. Correct it first.`);
  }
}

function withoutPrivateHalf(key: PrivateKey): SessionKeys['previous'] {
  return publicKeysOf({ current: key })[0];
}

function textOf(keys: SessionKeys): string {
  return JSON.stringify(keys);
}

/** Seconds are rounded up: nobody is told a moment that is too early. */
function clock(atMs: number): string {
  return `${new Date(Math.ceil(atMs / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}
