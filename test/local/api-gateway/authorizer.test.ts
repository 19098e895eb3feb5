import { expect, test } from 'vitest';
import { createAuthorizer } from '../../../local/api-gateway/authorizer.ts';
import { userPool } from '../fixtures/user-pool.ts';

const pool = userPool('eu-west-1_viewers');
const authorize = createAuthorizer(pool.keys, [pool.arn]);
const unauthorized = { allowed: false, reason: 'UNAUTHORIZED' };

test.each(['', 'Bearer '])('takes an ID token (%j)', async (prefix) => {
  expect(await authorize(prefix + pool.token())).toMatchObject({
    allowed: true,
    claims: { sub: 'viewer-1' },
  });
});

test('hands claims on as texts, as API Gateway does', async () => {
  const exp = Date.UTC(2999, 10, 2, 9, 8, 7) / 1000;
  const token = pool.token({ exp, email_verified: true, 'cognito:groups': ['a', 'b'], auth_time: 5 });
  expect(await authorize(token)).toMatchObject({
    claims: {
      exp: 'Sat Nov 02 09:08:07 UTC 2999',
      email_verified: 'true',
      'cognito:groups': 'a,b',
      auth_time: '5',
    },
  });
});

test.each([undefined, '', 'Bearer ', 'nonsense', 'Bearer a.b.c'])('refuses %j', async (header) => {
  expect(await authorize(header)).toEqual(unauthorized);
});

test('refuses an access token', async () => {
  expect(await authorize(pool.token({ token_use: 'access' }))).toEqual(unauthorized);
});

test('refuses a token whose claims were changed', async () => {
  const [header, , signature] = pool.token().split('.');
  const [, claims] = pool.token({ sub: 'someone-else' }).split('.');
  expect(await authorize(`${header}.${claims}.${signature}`)).toEqual(unauthorized);
});

test('refuses another pool’s token, whether by its key or by its issuer', async () => {
  const other = userPool('eu-west-1_others');
  expect(await authorize(other.token())).toEqual(unauthorized);
  expect(await authorize(other.token({ iss: pool.keys.issuer('eu-west-1_viewers') }))).toEqual(unauthorized);
  expect(await authorize(pool.token({ iss: other.keys.issuer('eu-west-1_others') }))).toEqual(unauthorized);
});

test('tells an expired token apart', async () => {
  const exp = Math.floor(Date.now() / 1000) - 1;
  expect(await authorize(pool.token({ exp }))).toEqual({ allowed: false, reason: 'EXPIRED_TOKEN' });
});
