import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AdminUpdateUserAttributesCommand,
  CognitoIdentityProviderClient,
  SignUpCommand,
  UpdateUserAttributesCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { CacheDictionaryFetchResponse } from '@gomomento/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLocal, type LocalStack } from '../../local/stack.ts';
import { dictionaryOf, intervalAt } from '../../shared/domain/heartbeat-intervals.ts';
import { synthesize } from '../setup.ts';
import { awsClient } from './running-stage.ts';
import {
  admitted,
  beat,
  beatByUrl,
  bought,
  concurrencyOf,
  end,
  stageCache,
  start,
  until,
} from './session-support.ts';
import {
  buy,
  cacheClient,
  call,
  checkoutEvent,
  listen,
  newUser,
  newViewer,
  signIn,
  snapshotOf,
  tokensOf,
  topicClient,
  type Viewer,
} from './support.ts';

const CLAIM = 'custom:household';
const household = (name: string) => [{ Name: CLAIM, Value: name }];
/** So long that what one test counts lies in one of them. */
const TRACKER_SECONDS = 3600;

let assembly: string;
let stack: LocalStack;
let cognito: CognitoIdentityProviderClient;
let ada: Viewer;
let byron: Viewer;
let stranger: Viewer;
let homeless: Viewer;
let strangerSignsIn: () => Promise<Viewer>;

beforeAll(async () => {
  assembly = await mkdtemp(join(tmpdir(), 'usher-households-'));
  await synthesize(assembly, {
    accountClaim: CLAIM,
    followHeartbeatTopic: 'true',
    heartbeatUrl: 'true',
    trackerIntervalSeconds: String(TRACKER_SECONDS),
  });
  stack = await startLocal({ assembly });
  cognito = new CognitoIdentityProviderClient(awsClient(stack, 'cognito'));
  ada = await newViewer(stack, household('lovelace'));
  byron = await newViewer(stack, household('lovelace'));
  const { username, password } = await newUser(stack, household('babbage'));
  strangerSignsIn = () => signIn(stack, username, password);
  stranger = await strangerSignsIn();
  homeless = await newViewer(stack, []);
}, 120_000); // it synthesizes an app of its own first
afterAll(async () => {
  cognito?.destroy();
  await stack?.stop();
  await rm(assembly, { recursive: true, force: true });
});

/** What names the viewer herself, and must not name an account anywhere. */
function subOf({ idToken }: Viewer): string {
  const [, claims = ''] = idToken.split('.');
  return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { readonly sub: string }).sub;
}

test('clients are told which claim names the account', async () => {
  const config = await fetch(`${stack.playerUrl}/config.json`);
  expect(await config.json()).toMatchObject({ accountClaim: CLAIM });
});

describe('two viewers of one household', () => {
  test('hold the same entitlements, and hear at once what either buys', async () => {
    const tokens = await tokensOf(stack, byron);
    expect(tokens.userId).toBe('lovelace');
    const listener = await listen(tokens);
    await bought(stack, ada, { purchaseId: 'premium' });
    expect(await listener.until(({ type }) => type === 'entitlement.created')).toMatchObject({
      subject: 'lovelace',
      data: { productId: 'premium' },
    });
    listener.stop();
    expect(await snapshotOf(stack, byron)).toEqual(await snapshotOf(stack, ada));
    const cached = await cacheClient(tokens).get(tokens.cacheName, 'lovelace');
    expect(cached.value()).toContain('"productId":"premium"');
    expect((await snapshotOf(stack, stranger)).access.maxStreams).toBe(1);
  });

  test('share the limit of streams, and may end each other’s', async () => {
    const first = await admitted(stack, ada, { deviceId: 'ada-0' });
    for (const deviceId of ['ada-1', 'byron-0']) await admitted(stack, ada, { deviceId });
    const last = await admitted(stack, byron, { deviceId: 'byron-1' });
    const refused = await start(stack, byron, { deviceId: 'byron-2' });
    expect(refused.status).toBe(409);
    expect(refused.body.conflicts?.map(({ deviceId }) => deviceId)).toContain('ada-0');
    expect((await concurrencyOf(stack, ada)).sessions).toHaveLength(4);
    expect((await concurrencyOf(stack, stranger)).sessions).toHaveLength(0);

    // By the API it is her household's session, and nobody else's; by the URL the session's token says whose.
    expect((await beat(stack, ada, last)).status).toBe(200);
    expect((await beat(stack, stranger, last)).status).toBe(401);
    expect((await beatByUrl(first.heartbeatUrl!, first)).status).toBe(200);
    expect((await end(stack, stranger, first.sessionId)).status).toBe(410);
    expect((await end(stack, byron, first.sessionId)).status).toBe(204);
    expect((await start(stack, byron, { deviceId: 'byron-2' })).status).toBe(201);
  });

  test('are counted together by the heartbeats of their devices, by the API and by the topic', async () => {
    await until(async () =>
      stack.momento.calls.some(({ rpc, key }) => rpc === 'Subscribe' && key === 'heartbeat'),
    );
    const topics = topicClient(await tokensOf(stack, byron));
    const { cacheName } = await tokensOf(stack, byron);
    await topics.publish(cacheName, 'heartbeat', JSON.stringify({ deviceId: 'phone', mediaId: 'harbour' }));
    expect((await beat(stack, ada, { deviceId: 'tablet', mediaId: 'harbour' })).status).toBe(202);
    const interval = intervalAt(Date.now(), TRACKER_SECONDS * 1000);
    const counted = async () => {
      const answer = await stageCache(stack).dictionaryFetch(cacheName, dictionaryOf('lovelace', interval));
      return answer.type === CacheDictionaryFetchResponse.Hit ? answer.value() : {};
    };
    await expect.poll(counted).toMatchObject({ phone: '1', tablet: '1' }); // beside the sessions' devices
  });

  test('have it computed afresh, once in five seconds between them', async () => {
    const recompute = (viewer: Viewer) =>
      call(stack, '/entitlements/recompute', { viewer, method: 'POST' }).then(({ status }) => status);
    expect(await recompute(ada)).toBe(202);
    expect(await recompute(byron)).toBe(429);
    expect(await recompute(stranger)).toBe(202);
  });

  test('are nothing to the service one by one: no key, topic, message or line names them', () => {
    const told = JSON.stringify([stack.momento.calls, stack.logs]);
    expect(told).toContain('lovelace');
    for (const viewer of [ada, byron, stranger]) expect(told).not.toContain(subOf(viewer));
  });
});

describe('a viewer of no household', () => {
  test('is refused everywhere, and is not the account of her own name', async () => {
    const viewer = homeless;
    await buy(stack, checkoutEvent(subOf(viewer)));
    const asked = [
      call(stack, '/token', { viewer }),
      call(stack, '/entitlements', { viewer }),
      call(stack, '/entitlements/recompute', { viewer, method: 'POST' }),
      call(stack, '/concurrency', { viewer }),
      call(stack, '/sessions', { viewer, method: 'POST', body: '{"deviceId":"tv","contentId":"harbour"}' }),
      call(stack, '/sessions/x', { viewer, method: 'DELETE' }),
      call(stack, '/heartbeats', { viewer, method: 'POST', body: '{"deviceId":"tv","mediaId":"harbour"}' }),
    ];
    for (const response of await Promise.all(asked)) {
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ type: 'urn:usher:problem:no-account' });
    }
  });

  test('cannot give herself one, by signing up or later', async () => {
    const { userPoolClientId: ClientId } = stack.config;
    const signUp = { ClientId, Username: 'eve@example.com', Password: 'Correct-horse-1' };
    await expect(
      cognito.send(new SignUpCommand({ ...signUp, UserAttributes: household('lovelace') })),
    ).rejects.toThrow('A client attempted to write unauthorized attribute');
    for (const { accessToken: AccessToken } of [homeless, stranger]) {
      await expect(
        cognito.send(new UpdateUserAttributesCommand({ AccessToken, UserAttributes: household('lovelace') })),
      ).rejects.toThrow('A client attempted to write unauthorized attribute');
    }
  });
});

test('a viewer who moves to another household has its entitlements, and none of the old one’s sessions', async () => {
  const lease = await admitted(stack, stranger, { contentId: 'city-lights-tour' });
  await cognito.send(
    new AdminUpdateUserAttributesCommand({
      UserPoolId: stack.config.userPoolId,
      Username: subOf(stranger),
      UserAttributes: household('lovelace'),
    }),
  );
  const after = await strangerSignsIn();
  expect(after.accountId).toBe('lovelace');
  expect((await snapshotOf(stack, after)).access.maxStreams).toBe(4);
  expect((await beat(stack, after, lease)).body).toMatchObject({
    type: 'urn:usher:problem:invalid-session-token',
  });
  // Until it ends, an hour at most, the token that she still has is good for the old one.
  expect((await beat(stack, stranger, lease)).status).toBe(200);
});
