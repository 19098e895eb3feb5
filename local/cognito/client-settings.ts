/** What an AWS::Cognito::UserPoolClient says, reduced to what the operations ask. */
import { z } from 'zod';
import type { AttributePermissions } from './attributes.ts';
import { count, flag, honour, inert } from './template-properties.ts';

const FLOWS = ['ALLOW_USER_SRP_AUTH', 'ALLOW_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] as const;
export type Flow = (typeof FLOWS)[number];

export interface ClientSettings extends AttributePermissions {
  readonly flows: readonly Flow[];
  /** An unknown user is answered as a known one with a wrong password would be. */
  readonly hidesUnknownUsers: boolean;
  readonly accessTokenSeconds: number;
  readonly idTokenSeconds: number;
  readonly refreshTokenSeconds: number;
  /** How long a challenge may be answered. */
  readonly challengeSeconds: number;
}

const UNIT_SECONDS = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 } as const;
const unit = z.enum(['seconds', 'minutes', 'hours', 'days']);
const no = flag.pipe(z.literal(false));

const client = z.strictObject({
  UserPoolId: inert, // given beside the properties
  ClientName: inert,
  ExplicitAuthFlows: z.array(z.enum(FLOWS)).default(['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH']),
  PreventUserExistenceErrors: z.enum(['ENABLED', 'LEGACY']).default('LEGACY'),
  AccessTokenValidity: count.optional(),
  IdTokenValidity: count.optional(),
  RefreshTokenValidity: count.optional(),
  TokenValidityUnits: z
    .strictObject({
      AccessToken: unit.default('hours'),
      IdToken: unit.default('hours'),
      RefreshToken: unit.default('days'),
    })
    .prefault({}),
  AuthSessionValidity: count.pipe(z.number().min(3).max(15)).default(3),
  GenerateSecret: no.optional(),
  EnableTokenRevocation: flag.pipe(z.literal(true)).optional(),
  SupportedIdentityProviders: z.array(z.literal('COGNITO')).optional(),
  AllowedOAuthFlowsUserPoolClient: no.optional(),
  ReadAttributes: z.array(z.string()).optional(),
  WriteAttributes: z.array(z.string()).optional(),
});

/** Throws an Error that names every property the stand-in cannot honour. */
export function readClientSettings(name: string, properties: Record<string, unknown>): ClientSettings {
  const resource = `user pool client ${name}`;
  const read = honour(resource, client, properties);
  const units = read.TokenValidityUnits;
  const refreshTokenSeconds = (read.RefreshTokenValidity || 30) * UNIT_SECONDS[units.RefreshToken];
  const accessTokenSeconds = tokenSeconds(read.AccessTokenValidity, units.AccessToken);
  const idTokenSeconds = tokenSeconds(read.IdTokenValidity, units.IdToken);
  const shortLived = (seconds: number) =>
    seconds >= 300 && seconds <= 86_400 && seconds <= refreshTokenSeconds; // the service's own range
  if (!shortLived(accessTokenSeconds)) throw outOfRange(resource, 'AccessTokenValidity');
  if (!shortLived(idTokenSeconds)) throw outOfRange(resource, 'IdTokenValidity');
  if (refreshTokenSeconds < 3600 || refreshTokenSeconds > 3650 * 86_400) {
    throw outOfRange(resource, 'RefreshTokenValidity');
  }
  return {
    flows: read.ExplicitAuthFlows,
    readable: read.ReadAttributes,
    writable: read.WriteAttributes,
    hidesUnknownUsers: read.PreventUserExistenceErrors === 'ENABLED',
    accessTokenSeconds,
    idTokenSeconds,
    refreshTokenSeconds,
    challengeSeconds: read.AuthSessionValidity * 60,
  };
}

function tokenSeconds(validity: number | undefined, of: keyof typeof UNIT_SECONDS): number {
  return validity ? validity * UNIT_SECONDS[of] : 3600;
}

function outOfRange(resource: string, property: string): Error {
  return new Error(`The Cognito stand-in cannot honour ${resource}: ${property} (out of range)`);
}
