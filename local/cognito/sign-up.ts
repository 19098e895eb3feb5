/** Signing oneself up: SignUp, ConfirmSignUp, ResendConfirmationCode. */
import { AwsError, operation, type Operations } from '../aws-json.ts';
import { attributeList, readOwnAttributes } from './attributes.ts';
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
import {
  calledBy,
  changeUser,
  clientCall,
  createUser,
  findUser,
  password,
  unknownUser,
  username,
} from './users.ts';

export function signUpOperations(services: Services): Operations {
  return {
    SignUp: signUp(services),
    ConfirmSignUp: confirmSignUp(services),
    ResendConfirmationCode: resendConfirmationCode(services),
  };
}

const signingUp = clientCall.extend({
  Username: username,
  Password: password,
  UserAttributes: attributeList,
});

const signUp = (services: Pick<Services, 'store' | 'now' | 'onCode'>) =>
  operation('public', signingUp, (input) => {
    const { client, pool } = calledBy(services.store, input);
    if (!pool.settings.selfSignUp) {
      throw new AwsError('NotAuthorizedException', 'SignUp is not permitted for this user pool');
    }
    const attributes = readOwnAttributes(input.UserAttributes, client, pool);
    checkPassword(pool.settings.passwordPolicy, input.Password);
    const user = createUser(services, pool, {
      name: input.Username,
      password: input.Password,
      attributes,
      status: 'UNCONFIRMED',
    });
    const answer = { UserConfirmed: false, UserSub: user.attributes['sub'] };
    const email = user.attributes['email'];
    if (!pool.settings.verifiesEmail || !email) return answer;
    sendCode(services, pool, user, 'signUp');
    return { ...answer, ...delivery(email) };
  });

const confirming = clientCall.extend({ Username: username, ConfirmationCode: confirmationCode });

const confirmSignUp = (services: Pick<Services, 'store' | 'now' | 'wrongCodes'>) =>
  operation('public', confirming, (input) => {
    const { client, pool } = calledBy(services.store, input);
    const user = findUser(pool, input.Username);
    if (!user) {
      if (client.settings.hidesUnknownUsers) refuseMadeUpCode(services, pool, input.Username, 'signUp');
      throw unknownUser();
    }
    if (user.status !== 'UNCONFIRMED') {
      throw new AwsError(
        'NotAuthorizedException',
        `User cannot be confirmed. Current status is ${user.status}`,
      );
    }
    checkCode(services, pool, user, 'signUp', input.ConfirmationCode);
    changeUser(services, pool, user, {
      status: 'CONFIRMED',
      codes: withoutCode(user, 'signUp'),
      attributes: { ...user.attributes, email_verified: 'true' },
    });
    return {};
  });

const resending = clientCall.extend({ Username: username });

const resendConfirmationCode = (
  services: Pick<Services, 'store' | 'now' | 'onCode' | 'mailings' | 'madeUp'>,
) =>
  operation('public', resending, (input) => {
    const { client, pool } = calledBy(services.store, input);
    if (!pool.settings.verifiesEmail)
      throw cannotResend('Cannot resend codes. Auto verification not turned on.');
    const user = findUser(pool, input.Username);
    if (user?.status !== 'UNCONFIRMED') {
      if (client.settings.hidesUnknownUsers) {
        allowMailing(services, pool, user?.username ?? input.Username);
        return simulatedDelivery(services, pool, input.Username);
      }
      throw user ? cannotResend('User is already confirmed.') : unknownUser();
    }
    const email = user.attributes['email'];
    if (!email) throw cannotResend('The user has no email address to send a code to.');
    allowMailing(services, pool, user.username);
    sendCode(services, pool, user, 'signUp');
    return delivery(email);
  });

function cannotResend(why: string): AwsError {
  return new AwsError('InvalidParameterException', why);
}
