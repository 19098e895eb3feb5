/** The six digits a person gets by mail; here they go to `onCode`. */
import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { AwsError } from '../aws-json.ts';
import type { Services } from './services.ts';
import type { Pool, User } from './store.ts';
import { changeUser, signInName } from './users.ts';

export const confirmationCode = z.string().min(1).max(2048).regex(/^\S+$/);

export type Purpose = keyof User['codes'];

const LIFETIME_MS: Record<Purpose, number> = { signUp: 86_400_000, reset: 3_600_000 }; // 24 hours and one, as documented

/** Makes the code that is valid from now on, in place of any earlier one, and sends it. */
export function sendCode(
  services: Pick<Services, 'store' | 'now' | 'onCode'>,
  pool: Pool,
  user: User,
  purpose: Purpose,
): void {
  const digits = String(randomInt(1_000_000)).padStart(6, '0');
  const code = { digits, expiresAtMs: services.now() + LIFETIME_MS[purpose] };
  changeUser(services, pool, user, { codes: { ...user.codes, [purpose]: code } });
  services.onCode(signInName(pool, user), digits);
}

/** Throws unless `given` is the user's code. The caller removes it with `withoutCode` when it has served. */
export function checkCode(
  { now, wrongCodes }: Pick<Services, 'now' | 'wrongCodes'>,
  pool: Pool,
  user: User,
  purpose: Purpose,
  given: string,
): void {
  const key = `${pool.id}/${user.username}/${purpose}`;
  wrongCodes.check(key);
  const code = user.codes[purpose];
  if (!code || code.expiresAtMs <= now()) {
    throw new AwsError('ExpiredCodeException', 'Invalid code provided, please request a code again.');
  }
  if (code.digits !== given) {
    wrongCodes.count(key);
    throw codeMismatch();
  }
  wrongCodes.clear(key);
}

/** What a caller who names an unknown user is told, as often as for a known one. Never returns. */
export function refuseMadeUpCode(
  { wrongCodes }: Pick<Services, 'wrongCodes'>,
  pool: Pool,
  name: string,
  purpose: Purpose,
): never {
  const key = `${pool.id}/${name}/${purpose}`;
  wrongCodes.check(key);
  wrongCodes.count(key);
  throw codeMismatch();
}

export function withoutCode({ codes }: User, purpose: Purpose): User['codes'] {
  return { ...codes, [purpose]: undefined };
}

function codeMismatch(): AwsError {
  return new AwsError('CodeMismatchException', 'Invalid verification code provided, please try again.');
}

/** Lets one more mail go to this person within the hour, or throws. */
export function allowMailing({ mailings }: Pick<Services, 'mailings'>, pool: Pool, name: string): void {
  const key = `${pool.id}/${name}`;
  mailings.check(key);
  mailings.count(key);
}

/** Where the code went, masked: `a***@e***`. */
export function delivery(email: string) {
  const [local = '', domain = ''] = email.split('@');
  return {
    CodeDeliveryDetails: {
      AttributeName: 'email',
      DeliveryMedium: 'EMAIL',
      Destination: `${local.slice(0, 1)}***@${domain.slice(0, 1)}***`,
    },
  };
}

/** Where a code for an unknown user would have gone: always the same place, so that asking twice tells nothing. */
export function simulatedDelivery({ madeUp }: Pick<Services, 'madeUp'>, pool: Pool, name: string) {
  if (pool.settings.signInByEmail) return delivery(name);
  const [local = 0, domain = 0] = madeUp('mail', pool.id, name);
  const letter = (byte: number) => String.fromCodePoint(97 + (byte % 26));
  return delivery(`${letter(local)}@${letter(domain)}`);
}
