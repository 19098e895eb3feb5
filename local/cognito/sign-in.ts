/** Signing in: InitiateAuth and RespondToAuthChallenge. */
import { z } from 'zod';
import { AwsError, operation, type Operations } from '../aws-json.ts';
import { required, subjectOf, wrongPassword, type Call } from './auth-call.ts';
import type { Flow } from './client-settings.ts';
import { createNewPasswordChallenge, signedIn, type NewPasswordChallenge } from './new-password.ts';
import type { Services } from './services.ts';
import { matches } from './srp.ts';
import { createSrpChallenge, type SrpChallenge } from './srp-challenge.ts';
import type { Client, User } from './store.ts';
import { calledBy, clientCall } from './users.ts';

export function signInOperations(services: Services): Operations {
  const newPassword = createNewPasswordChallenge(services);
  const srp = createSrpChallenge(services);
  return {
    InitiateAuth: initiateAuth(services, srp, newPassword),
    RespondToAuthChallenge: respondToAuthChallenge(services, srp, newPassword),
  };
}

const initiating = clientCall.extend({
  AuthFlow: z.enum([
    'USER_SRP_AUTH',
    'USER_PASSWORD_AUTH',
    'REFRESH_TOKEN_AUTH',
    'REFRESH_TOKEN',
    'CUSTOM_AUTH',
    'USER_AUTH',
    'ADMIN_NO_SRP_AUTH',
    'ADMIN_USER_PASSWORD_AUTH',
  ]),
  AuthParameters: z.record(z.string(), z.string()).default({}),
});

const initiateAuth = (
  services: Pick<Services, 'store' | 'tokens' | 'lockout' | 'madeUp'>,
  srp: SrpChallenge,
  newPassword: NewPasswordChallenge,
) =>
  operation('public', initiating, ({ AuthFlow, AuthParameters, ...caller }) => {
    const call = { ...calledBy(services.store, caller, AuthParameters), parameters: AuthParameters };
    switch (AuthFlow) {
      case 'USER_SRP_AUTH':
        allow(call.client, 'ALLOW_USER_SRP_AUTH');
        return srp.ask(call);
      case 'USER_PASSWORD_AUTH':
        allow(call.client, 'ALLOW_USER_PASSWORD_AUTH');
        return newPassword.afterPassword(call, byPassword(services, call));
      case 'REFRESH_TOKEN_AUTH':
      case 'REFRESH_TOKEN':
        allow(call.client, 'ALLOW_REFRESH_TOKEN_AUTH');
        return signedIn(services.tokens.refresh(call.client, required(call, 'REFRESH_TOKEN')));
      default:
        throw unsupported(`the flow ${AuthFlow}`);
    }
  });

const responding = clientCall.extend({
  ChallengeName: z.string().min(1),
  Session: z.string().min(20).max(2048).optional(),
  ChallengeResponses: z.record(z.string(), z.string()).default({}),
});

const respondToAuthChallenge = (
  { store }: Pick<Services, 'store'>,
  srp: SrpChallenge,
  newPassword: NewPasswordChallenge,
) =>
  operation('public', responding, ({ ChallengeName, ChallengeResponses, Session, ...caller }) => {
    const call = { ...calledBy(store, caller, ChallengeResponses), parameters: ChallengeResponses };
    switch (ChallengeName) {
      case 'PASSWORD_VERIFIER':
        return newPassword.afterPassword(call, srp.prove(call));
      case 'NEW_PASSWORD_REQUIRED':
        return newPassword.answer(call, Session);
      default:
        throw unsupported(`the challenge ${ChallengeName}`);
    }
  });

function byPassword(services: Pick<Services, 'lockout' | 'madeUp'>, call: Call): User {
  const { lockout } = services;
  const password = required(call, 'PASSWORD');
  const { userId, secret, user, key } = subjectOf(services, call);
  if (!matches({ poolId: call.pool.id, userId }, password, secret) || !user) {
    lockout.failed(key);
    throw wrongPassword();
  }
  lockout.succeeded(key);
  return user;
}

function allow({ settings }: Client, flow: Flow): void {
  if (settings.flows.includes(flow)) return;
  throw new AwsError(
    'InvalidParameterException',
    `${flow.replace('ALLOW_', '')} flow not enabled for this client`,
  );
}

function unsupported(what: string): AwsError {
  return new AwsError('InvalidParameterException', `The Cognito stand-in does not support ${what}.`);
}
