/** What an AWS::Cognito::UserPool says, reduced to what the operations ask. */
import { z } from 'zod';
import { STANDARD_ATTRIBUTES, type PoolAttributes } from './attributes.ts';
import { DEFAULT_PASSWORD_POLICY, type PasswordPolicy } from './password-policy.ts';
import { count, flag, honour, inert } from './template-properties.ts';

export interface PoolSettings extends PoolAttributes {
  /** People sign in by e-mail address, and the username is the `sub`. */
  readonly signInByEmail: boolean;
  readonly caseSensitive: boolean;
  /** A sign-up sends a code to the e-mail address. */
  readonly verifiesEmail: boolean;
  readonly selfSignUp: boolean;
  /** A forgotten password can be reset by a code sent to a verified e-mail address. */
  readonly recoveryByEmail: boolean;
  readonly passwordPolicy: PasswordPolicy;
}

const onlyEmail = z.array(z.literal('email')).optional();

const passwordPolicy = z.strictObject({
  MinimumLength: count.pipe(z.number().min(6).max(99)).default(8),
  RequireLowercase: flag.default(false),
  RequireUppercase: flag.default(false),
  RequireNumbers: flag.default(false),
  RequireSymbols: flag.default(false),
  TemporaryPasswordValidityDays: count.pipe(z.number().min(1).max(365)).default(7),
});

const standardAttribute = z.strictObject({
  Name: z.enum(STANDARD_ATTRIBUTES),
  AttributeDataType: z.literal('String').optional(),
  Required: flag.default(false),
  Mutable: flag.pipe(z.literal(true)).optional(),
});

const OF_EVERY_POOL: readonly string[] = [...STANDARD_ATTRIBUTES, 'sub', 'address', 'updated_at'];

/** Named without `custom:`. The service has none that are required. */
const customAttribute = z
  .strictObject({
    Name: z.string().regex(/^[\w-]{1,20}$/),
    AttributeDataType: z.literal('String'),
    Required: flag.pipe(z.literal(false)).optional(),
    Mutable: flag,
  })
  .refine(({ Name }) => !OF_EVERY_POOL.includes(Name), 'is an attribute of every pool');

const recovery = z.strictObject({
  Name: z.enum(['verified_email', 'verified_phone_number', 'admin_only']),
  Priority: count,
});

const userPool = z.strictObject({
  UserPoolName: inert,
  UserPoolTags: inert,
  UserPoolTier: inert, // what a tier offers is named by properties of its own
  DeletionProtection: inert,
  UsernameAttributes: onlyEmail,
  UsernameConfiguration: z.strictObject({ CaseSensitive: flag.default(true) }).optional(),
  AutoVerifiedAttributes: onlyEmail,
  AdminCreateUserConfig: z
    .strictObject({ AllowAdminCreateUserOnly: flag.default(false), InviteMessageTemplate: inert })
    .optional(),
  AccountRecoverySetting: z.strictObject({ RecoveryMechanisms: z.array(recovery).default([]) }).optional(),
  Policies: z.strictObject({ PasswordPolicy: passwordPolicy.optional() }).optional(),
  Schema: z.array(z.union([standardAttribute, customAttribute])).default([]),
  MfaConfiguration: z.literal('OFF').optional(),
  UserPoolAddOns: z.strictObject({ AdvancedSecurityMode: z.literal('OFF') }).optional(),
  // The wording of mail and the sender of it: codes go to `onCode` instead.
  EmailConfiguration: inert,
  EmailVerificationMessage: inert,
  EmailVerificationSubject: inert,
  SmsVerificationMessage: inert,
  SmsAuthenticationMessage: inert,
  VerificationMessageTemplate: z
    .strictObject({
      DefaultEmailOption: z.literal('CONFIRM_WITH_CODE').optional(),
      EmailMessage: inert,
      EmailSubject: inert,
      SmsMessage: inert,
    })
    .optional(),
  // Says what happens when an address is changed, and changing one is refused.
  UserAttributeUpdateSettings: inert,
});

/** Throws an Error that names every property the stand-in cannot honour. */
export function readPoolSettings(name: string, properties: Record<string, unknown>): PoolSettings {
  const pool = honour(`user pool ${name}`, userPool, properties);
  const recoverable = pool.AccountRecoverySetting?.RecoveryMechanisms.map((mechanism) => mechanism.Name);
  const policy = pool.Policies?.PasswordPolicy;
  return {
    signInByEmail: pool.UsernameAttributes?.includes('email') ?? false,
    caseSensitive: pool.UsernameConfiguration?.CaseSensitive ?? true,
    verifiesEmail: pool.AutoVerifiedAttributes?.includes('email') ?? false,
    selfSignUp: !pool.AdminCreateUserConfig?.AllowAdminCreateUserOnly,
    recoveryByEmail: recoverable?.includes('verified_email') ?? true,
    requiredAttributes: pool.Schema.filter((each) => each.Required).map((each) => each.Name),
    customAttributes: Object.fromEntries(
      pool.Schema.filter(({ Name }) => !OF_EVERY_POOL.includes(Name)).map(({ Name, Mutable = true }) => [
        `custom:${Name}`,
        { mutable: Mutable },
      ]),
    ),
    passwordPolicy: policy
      ? {
          minimumLength: policy.MinimumLength,
          lowercase: policy.RequireLowercase,
          uppercase: policy.RequireUppercase,
          numbers: policy.RequireNumbers,
          symbols: policy.RequireSymbols,
          temporaryPasswordDays: policy.TemporaryPasswordValidityDays,
        }
      : DEFAULT_PASSWORD_POLICY,
  };
}
