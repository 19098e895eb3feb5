import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  CognitoIdentityProviderClient,
  type AttributeType,
} from '@aws-sdk/client-cognito-identity-provider';
import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import {
  CacheClient,
  Configurations,
  CredentialProvider,
  ReadConcern,
  TopicClient,
  TopicConfigurations,
  type TopicItem,
} from '@gomomento/sdk';
import {
  AuthenticationDetails,
  CognitoUser,
  CognitoUserPool,
  type CognitoUserSession,
} from 'amazon-cognito-identity-js';
import { Webhook } from 'standardwebhooks';
import type { Announcement } from '../../shared/domain/announcements.ts';
import type { Snapshot } from '../../shared/domain/entitlements.ts';
import { startLocal, type LocalOptions, type LocalStack } from '../../local/stack.ts';
import { synthesized } from '../support/synthesized.ts';
import { awsClient, originOf, parameterOf, type RunningStage } from './running-stage.ts';

export const ORIGIN = () => `http://localhost:${synthesized().playerPort}`;

/** The synthesized app, running in memory unless told otherwise. */
export function startStack(options: Partial<LocalOptions> = {}): Promise<LocalStack> {
  return startLocal({ assembly: synthesized().assembly, ...options });
}

export interface Viewer {
  readonly accountId: string;
  readonly idToken: string;
  readonly accessToken: string;
}

/** Creates a viewer and signs her in by SRP; with an account of her own, unless told otherwise. */
export async function newViewer(
  stage: RunningStage,
  attributes: readonly AttributeType[] = accountOfOnesOwn(stage),
): Promise<Viewer> {
  const { username, password } = await newUser(stage, attributes);
  return signIn(stage, username, password);
}

/** Whoever signs in has one by her `sub`, where a stage names accounts by no other claim. */
function accountOfOnesOwn({ config: { accountClaim } }: RunningStage): readonly AttributeType[] {
  return accountClaim === undefined ? [] : [{ Name: accountClaim, Value: randomUUID() }];
}

export async function newUser(
  stage: RunningStage,
  attributes: readonly AttributeType[],
): Promise<{ readonly username: string; readonly password: string }> {
  const { config } = stage;
  const username = `${randomUUID()}@example.com`;
  const password = `Pw1!${randomUUID()}`;
  const cognito = new CognitoIdentityProviderClient(awsClient(stage, 'cognito'));
  const UserPoolId = config.userPoolId;
  const UserAttributes = [
    { Name: 'email', Value: username },
    { Name: 'email_verified', Value: 'true' },
    ...attributes,
  ];
  await cognito.send(
    new AdminCreateUserCommand({ UserPoolId, Username: username, MessageAction: 'SUPPRESS', UserAttributes }),
  );
  stage.viewerMade?.(username, password);
  await cognito.send(
    new AdminSetUserPasswordCommand({ UserPoolId, Username: username, Password: password, Permanent: true }),
  );
  cognito.destroy();
  return { username, password };
}

export async function signIn(
  { config }: Pick<RunningStage, 'config'>,
  username: string,
  password: string,
): Promise<Viewer> {
  const pool = new CognitoUserPool({
    UserPoolId: config.userPoolId,
    ClientId: config.userPoolClientId,
    ...(config.cognitoEndpoint !== undefined && { endpoint: config.cognitoEndpoint }),
  });
  const session = await new Promise<CognitoUserSession>((onSuccess, onFailure) => {
    const details = new AuthenticationDetails({ Username: username, Password: password });
    new CognitoUser({ Username: username, Pool: pool }).authenticateUser(details, { onSuccess, onFailure });
  });
  return {
    accountId: session.getIdToken().payload[config.accountClaim ?? 'sub'] as string,
    idToken: session.getIdToken().getJwtToken(),
    accessToken: session.getAccessToken().getJwtToken(),
  };
}

/** A request as the player's page would send it. */
export function call(
  stage: RunningStage,
  path: string,
  {
    viewer,
    headers,
    ...init
  }: Omit<RequestInit, 'headers'> & {
    readonly viewer?: Viewer;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<Response> {
  return fetch(stage.config.apiUrl + path, {
    ...init,
    headers: {
      origin: originOf(stage),
      ...(viewer && { authorization: `Bearer ${viewer.idToken}` }),
      ...headers,
    },
  });
}

export async function snapshotOf(stack: RunningStage, viewer: Viewer, query = ''): Promise<Snapshot> {
  const response = await call(stack, `/entitlements${query}`, { viewer });
  if (!response.ok) throw new Error(`GET /entitlements: ${response.status} ${await response.text()}`);
  return (await response.json()) as Snapshot;
}

/** A checkout event of this viewer: premium without an end, unless told otherwise. */
export function checkoutEvent(accountId: string, changes: Readonly<Record<string, unknown>> = {}) {
  const now = new Date().toISOString();
  return {
    id: `evt-${randomUUID()}`,
    occurredAt: now,
    accountId,
    purchaseId: `sub-${randomUUID()}`,
    productId: 'premium',
    status: 'active',
    validFrom: now,
    validUntil: null,
    ...changes,
  };
}

export function signingSecret({ ssm }: LocalStack): string {
  return ssm.get('/usher/local/checkout-secrets')!.split(' ')[0]!;
}

/** Signs like the payment side, straight to the API: `body` need not be JSON. */
export async function deliver(
  stack: RunningStage,
  body: string,
  secret?: string,
  at = new Date(),
): Promise<Response> {
  const [ownSecret = ''] =
    secret === undefined ? (await parameterOf(stack, 'checkout-secrets')).split(' ') : [secret];
  const id = `msg-${randomUUID()}`;
  return call(stack, '/checkout-events', {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(ownSecret).sign(id, at, body),
    },
  });
}

/**
 * Reports a purchase, by way of the store where there is one, and fails unless it is accepted. Where there is none it
 * is sent again after a 503, for as long as whoever takes payments would: a hundred at once start a function a hundred
 * times, which all ask Parameter Store for the secret.
 */
export async function buy(stage: RunningStage, event: object): Promise<void> {
  const { storeUrl } = stage.config;
  const body = JSON.stringify(event);
  const response =
    storeUrl === undefined
      ? await deliverAgain(stage, body)
      : await fetch(`${storeUrl}/events`, { method: 'POST', body });
  if (response.status !== 202) throw new Error(`a purchase: ${response.status} ${await response.text()}`);
}

async function deliverAgain(stage: RunningStage, body: string, tries = 5): Promise<Response> {
  const response = await deliver(stage, body);
  if (response.status !== 503 || tries === 1) return response;
  await sleep(Number(response.headers.get('retry-after')) * 1000);
  return deliverAgain(stage, body, tries - 1);
}

export interface TokenAnswer {
  readonly userId: string;
  readonly cacheName: string;
  readonly endpoint: string;
  readonly expiresAt: string;
  readonly token: string;
  readonly cacheToken: string;
}

/** Comes again when it is told, as players do: Momento mints five tokens a second for a new account. */
export async function tokensOf(stack: RunningStage, viewer: Viewer): Promise<TokenAnswer> {
  const response = await call(stack, '/token?cache=true', { viewer });
  if (response.status === 429) {
    await sleep(Number(response.headers.get('retry-after')) * 1000);
    return tokensOf(stack, viewer);
  }
  if (!response.ok) throw new Error(`GET /token: ${response.status} ${await response.text()}`);
  return (await response.json()) as TokenAnswer;
}

/** Connects as a player does; to the stand-in, without the TLS that the SDK's own endpoints would all have. */
export function credentials(
  { endpoint }: Pick<TokenAnswer, 'endpoint'>,
  authToken: string,
): CredentialProvider {
  if (!endpoint.startsWith('http://')) return CredentialProvider.fromDisposableToken({ authToken });
  const { host } = new URL(endpoint);
  return CredentialProvider.fromDisposableToken({
    authToken,
    endpointOverrides: {
      cacheEndpoint: host,
      controlEndpoint: host,
      tokenEndpoint: host,
      secureConnection: false,
    },
  });
}

export function topicClient(answer: TokenAnswer): TopicClient {
  return new TopicClient({
    configuration: TopicConfigurations.Default.latest(),
    credentialProvider: credentials(answer, answer.token),
  });
}

export function cacheClient(answer: TokenAnswer): CacheClient {
  return new CacheClient({
    configuration: Configurations.Lambda.latest().withReadConcern(ReadConcern.CONSISTENT),
    credentialProvider: credentials(answer, answer.cacheToken),
    defaultTtlSeconds: 60,
  });
}

export interface Listener {
  readonly heard: readonly Announcement[];
  /** Resolves with the first announcement that fits, heard already or yet to come. */
  until(fits: (announcement: Announcement) => boolean): Promise<Announcement>;
  stop(): void;
}

/** Subscribes to the account's topic with the token that `GET /token` gave. */
export async function listen(answer: TokenAnswer): Promise<Listener> {
  const heard: Announcement[] = [];
  const waiting = new Set<() => void>();
  const client = topicClient(answer);
  const subscription = await client.subscribe(answer.cacheName, answer.userId, {
    onItem: (item: TopicItem) => {
      heard.push(JSON.parse(item.valueString()) as Announcement);
      for (const look of waiting) look();
    },
  });
  if (subscription.type !== 'Subscription') throw new Error(`not subscribed: ${subscription.toString()}`);
  return {
    heard,
    until: (fits) =>
      new Promise((resolve) => {
        const look = () => {
          const found = heard.find(fits);
          if (!found) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    stop: () => subscription.unsubscribe(),
  };
}

export function sqsOf(stack: LocalStack): SQSClient {
  return new SQSClient(awsClient(stack, 'sqs'));
}

/** Waits for a dead letter and takes it. */
export async function nextDeadLetter(stack: LocalStack): Promise<Message> {
  const sqs = sqsOf(stack);
  try {
    for (;;) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: stack.outputs['DeadLetterQueueUrl'],
          WaitTimeSeconds: 5,
          MessageAttributeNames: ['All'],
        }),
      );
      if (Messages[0]) return Messages[0];
    }
  } finally {
    sqs.destroy();
  }
}

/** How many messages lie in a queue, seen or unseen. */
export async function depthOf(stack: LocalStack, queueUrl: string | undefined): Promise<number> {
  const sqs = sqsOf(stack);
  const names = [
    'ApproximateNumberOfMessages',
    'ApproximateNumberOfMessagesNotVisible',
    'ApproximateNumberOfMessagesDelayed',
  ] as const;
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...names] }),
  );
  sqs.destroy();
  return names.reduce((sum, name) => sum + Number(Attributes?.[name] ?? 0), 0);
}
