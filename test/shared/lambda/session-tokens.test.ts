import { createLocalJWKSet, jwtVerify } from 'jose';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { handler } from '../../../functions/read-session-keys.ts';
import { startSsm, type SsmStandIn } from '../../../local/ssm/server.ts';
import { stageSessionTokens } from '../../../shared/lambda/session-tokens.ts';
import { invoke } from '../../support/lambda-events.ts';
import { makeSessionKey, sessionKeysText } from '../../support/session-keys.ts';
import { grant } from '../session-tokens/world.ts';

let ssm: SsmStandIn;

beforeEach(async () => {
  ssm = await startSsm({ region: 'eu-west-1' });
  vi.stubEnv('AWS_ENDPOINT_URL_SSM', ssm.url);
  const value = sessionKeysText({ current: makeSessionKey('first') });
  ssm.put({ name: '/usher/test/session-keys', value, type: 'SecureString' });
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await ssm.stop();
});

it('the stage signs with the keys in Parameter Store, in its own name, and publishes what verifies', async () => {
  const tokens = stageSessionTokens();
  const token = await tokens.sign(grant);
  expect(await tokens.verify(token)).toEqual(grant);
  expect(ssm.calls).toBe(1);

  const { body } = await invoke(handler, { resource: '/.well-known/jwks.json' });
  const { payload } = await jwtVerify(token, createLocalJWKSet(JSON.parse(body)), {
    currentDate: new Date(grant.expiresAtMs - 1000),
  });
  expect(payload).toMatchObject({ iss: 'usher', aud: 'test', sub: 'ada' });
});
