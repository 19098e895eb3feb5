/** A forgotten password: ForgotPassword, ConfirmForgotPassword. */
import { AwsError, operation, type Operations } from '../aws-json.ts';
import {
  allowMailing,
  checkCode,
  confirmationCode,
  delivery,
  refuseMadeUpCode,
  sendCode,
  simulatedDelivery,
  withoutCode,
} from './codes.ts';
import { checkPassword } from './password-policy.ts';
import type { Services } from './services.ts';
import { makeSecret } from './srp.ts';
import { calledBy, changeUser, clientCall, findUser, password, unknownUser, username } from './users.ts';

export function passwordResetOperations(services: Services): Operations {
  return {
    ForgotPassword: forgotPassword(services),
    ConfirmForgotPassword: confirmForgotPassword(services),
  };
}

const forgetting = clientCall.extend({ Username: username });

const forgotPassword = (services: Pick<Services, 'store' | 'now' | 'onCode' | 'mailings' | 'madeUp'>) =>
  operation('public', forgetting, (input) => {
    const { client, pool } = calledBy(services.store, input);
    if (!pool.settings.recoveryByEmail) {
      throw new AwsError('NotAuthorizedException', 'Contact administrator to reset password.');
    }
    const user = findUser(pool, input.Username);
    if (user?.status === 'FORCE_CHANGE_PASSWORD') {
      throw new AwsError('NotAuthorizedException', 'User password cannot be reset in the current state.');
    }
    const email =
      user?.attributes['email_verified']?.toLowerCase() === 'true' ? user.attributes['email'] : undefined;
    if (!user || !email) {
      if (client.settings.hidesUnknownUsers) {
        allowMailing(services, pool, user?.username ?? input.Username);
        return simulatedDelivery(services, pool, input.Username);
      }
      throw user ? unreachable() : unknownUser();
    }
    allowMailing(services, pool, user.username);
    sendCode(services, pool, user, 'reset');
    return delivery(email);
  });

const resetting = clientCall.extend({
  Username: username,
  ConfirmationCode: confirmationCode,
  Password: password,
});

const confirmForgotPassword = (services: Pick<Services, 'store' | 'now' | 'wrongCodes'>) =>
  operation('public', resetting, (input) => {
    const { client, pool } = calledBy(services.store, input);
    checkPassword(pool.settings.passwordPolicy, input.Password); // first, so that a weak password spends no code
    const user = findUser(pool, input.Username);
    if (!user) {
      if (client.settings.hidesUnknownUsers) refuseMadeUpCode(services, pool, input.Username, 'reset');
      throw unknownUser();
    }
    checkCode(services, pool, user, 'reset', input.ConfirmationCode);
    changeUser(services, pool, user, {
      secret: makeSecret({ poolId: pool.id, userId: user.username }, input.Password),
      status: 'CONFIRMED',
      codes: withoutCode(user, 'reset'),
    });
    return {};
  });

function unreachable(): AwsError {
  return new AwsError(
    'InvalidParameterException',
    'Cannot reset password for the user as there is no registered/verified email or phone_number',
  );
}
