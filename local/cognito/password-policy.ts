/** The pool's password policy, and the words in which the service says what is missing. */
import { AwsError } from '../aws-json.ts';

export interface PasswordPolicy {
  readonly minimumLength: number;
  readonly lowercase: boolean;
  readonly uppercase: boolean;
  readonly numbers: boolean;
  readonly symbols: boolean;
  readonly temporaryPasswordDays: number;
}

/** Cognito's own for a pool that states none. */
export const DEFAULT_PASSWORD_POLICY: PasswordPolicy = {
  minimumLength: 8,
  lowercase: true,
  uppercase: true,
  numbers: true,
  symbols: true,
  temporaryPasswordDays: 7,
};

/** The documented list of symbols; a space counts inside the password only, and none gets in at its ends. */
const SYMBOL = /[\^$*.[\]{}()?"!@#%&/\\,><':;|_~`=+\- ]/;

/** Throws InvalidPasswordException for the first rule broken. The message never holds the password. */
export function checkPassword(policy: PasswordPolicy, password: string): void {
  const broken = brokenRule(policy, password);
  if (broken)
    throw new AwsError('InvalidPasswordException', `Password did not conform with policy: ${broken}`);
}

function brokenRule(policy: PasswordPolicy, password: string): string | undefined {
  if (password.length < policy.minimumLength) return 'Password not long enough';
  if (policy.uppercase && !/[A-Z]/.test(password)) return 'Password must have uppercase characters';
  if (policy.lowercase && !/[a-z]/.test(password)) return 'Password must have lowercase characters';
  if (policy.numbers && !/[0-9]/.test(password)) return 'Password must have numeric characters';
  if (policy.symbols && !SYMBOL.test(password)) return 'Password must have symbol characters';
  return undefined;
}
