/** The two steps of a sign-in by SRP: the answer to USER_SRP_AUTH, and the response to PASSWORD_VERIFIER. */
import { randomBytes } from 'node:crypto';
import { AwsError } from '../aws-json.ts';
import { required, subjectOf, wrongPassword, type Call, type Subject } from './auth-call.ts';
import { createChallenges } from './challenges.ts';
import type { Services } from './services.ts';
import { answer, proves, type Exchange } from './srp.ts';
import type { User } from './store.ts';

export interface SrpChallenge {
  ask(call: Call): object;
  /** The user whose password was proven. Throws NotAuthorizedException. */
  prove(call: Call): User;
}

export function createSrpChallenge(services: Pick<Services, 'now' | 'lockout' | 'madeUp'>): SrpChallenge {
  const { now, lockout } = services;
  /** By secret block. A challenge belongs to the client that asked for it and is answered once. */
  const asked = createChallenges<{ exchange: Exchange; subject: Subject; clientId: string; typed: string }>({
    now,
  });
  return {
    ask: (call) => {
      const { client } = call;
      const srpA = required(call, 'SRP_A');
      if (!/^[0-9a-f]{1,1024}$/i.test(srpA)) throw invalid('SRP_A is not a hexadecimal number');
      const subject = subjectOf(services, call);
      const exchange = answer(srpA, subject.secret);
      if (!exchange) throw wrongPassword();
      const secretBlock = randomBytes(512).toString('base64');
      const typed = required(call, 'USERNAME');
      const state = { exchange, subject, clientId: client.id, typed };
      asked.open(secretBlock, state, client.settings.challengeSeconds);
      return {
        ChallengeName: 'PASSWORD_VERIFIER',
        ChallengeParameters: {
          SALT: subject.secret.saltHex,
          SECRET_BLOCK: secretBlock,
          SRP_B: exchange.B.toString(16),
          USERNAME: subject.userId,
          USER_ID_FOR_SRP: subject.userId,
        },
      };
    },
    prove: (call) => {
      const name = required(call, 'USERNAME');
      const secretBlock = required(call, 'PASSWORD_CLAIM_SECRET_BLOCK');
      const signature = required(call, 'PASSWORD_CLAIM_SIGNATURE');
      const timestamp = required(call, 'TIMESTAMP');
      if (!TIMESTAMP.test(timestamp)) {
        throw invalid('TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.');
      }
      const state = asked.get(secretBlock);
      asked.close(secretBlock);
      if (!state || state.clientId !== call.client.id) throw wrongPassword();
      const { exchange, subject, typed } = state;
      lockout.check(subject.key);
      const identity = { poolId: call.pool.id, userId: subject.userId };
      const right =
        (name === subject.userId || name === typed) &&
        proves(exchange, identity, { secretBlock, timestamp, signature });
      const user = right ? call.pool.users.get(subject.userId) : undefined;
      if (!user || user.secret.verifierHex !== subject.secret.verifierHex) {
        lockout.failed(subject.key);
        throw wrongPassword();
      }
      lockout.succeeded(subject.key);
      return user;
    },
  };
}

const TIMESTAMP =
  /^(Sun|Mon|Tue|Wed|Thu|Fri|Sat) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [1-9]\d? \d{2}:\d{2}:\d{2} UTC \d{4}$/;

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}
