import { refuse, text, type Context } from './context-values.ts';

/**
 * The claim of a viewer's ID token that names her account: `sub`, where each viewer is an account of her own, or a
 * custom attribute of the user pool, where several share one. No other claim will do, for viewers can set them.
 */
export type AccountClaim = 'sub' | CustomClaim;
type CustomClaim = `custom:${string}`;

/** Cognito allows 20 characters, and more kinds of them: these pass through every tool and shell as they are. */
const CUSTOM = /^custom:[A-Za-z0-9_-]{1,20}$/;

/** @throws Error that says what to pass instead. */
export function readAccountClaim(context: Context): AccountClaim {
  const value = text(context, 'accountClaim') ?? 'sub';
  if (value === 'sub' || isCustom(value)) return value;
  return refuse(
    'accountClaim',
    value,
    'sub, or an attribute of the user pool that viewers cannot set: custom: and up to 20 letters, digits, ' +
      'underscores and hyphens, such as custom:household',
  );
}

/** What the pool calls the attribute, without `custom:`; `undefined` where every pool has it. */
export function customAttributeOf(claim: AccountClaim): string | undefined {
  return claim === 'sub' ? undefined : claim.slice('custom:'.length);
}

function isCustom(value: string): value is CustomClaim {
  return CUSTOM.test(value);
}
