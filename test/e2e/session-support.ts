import { CacheClient, Configurations, CredentialProvider, ReadConcern } from '@gomomento/sdk';
import { decodeProtectedHeader } from 'jose';
import { vi } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import type { Counted } from '../../shared/lambda/metrics.ts';
import type { RunningStage } from './running-stage.ts';
import { buy, call, checkoutEvent, depthOf, newViewer, snapshotOf, type Viewer } from './support.ts';

export interface Lease {
  readonly sessionId: string;
  readonly sessionToken: string;
  readonly expiresAt: string;
  readonly heartbeatSeconds: number;
  readonly heartbeatUrl?: string;
  readonly degraded?: true;
}

/** What an answer says, problem documents included. */
export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

export interface Problem {
  readonly type: string;
  readonly reason?: string;
  readonly field?: string;
  readonly conflicts?: readonly {
    readonly sessionId: string;
    readonly deviceId: string;
    readonly contentId: string;
    readonly startedAt: string;
  }[];
}

async function read<Body>(response: Response): Promise<Answer<Body>> {
  const text = await response.text();
  const { status, headers } = response;
  return { status, headers, text, body: (text === '' ? undefined : JSON.parse(text)) as Body };
}

/** `POST /sessions`: The Harbour on a television, unless told otherwise. */
export async function start(
  stack: RunningStage,
  viewer: Viewer,
  body: object = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer<Lease & Problem>> {
  return read(
    await call(stack, '/sessions', {
      viewer,
      method: 'POST',
      headers,
      body: JSON.stringify({ deviceId: 'tv', contentId: 'harbour', ...body }),
    }),
  );
}

/** The lease of a session that must be admitted. */
export async function admitted(stack: RunningStage, viewer: Viewer, body: object = {}): Promise<Lease> {
  const answer = await start(stack, viewer, body);
  if (answer.status !== 201) throw new Error(`POST /sessions: ${answer.status} ${answer.text}`);
  return answer.body;
}

/** `POST /heartbeats`. */
export async function beat(
  stack: RunningStage,
  viewer: Viewer | undefined,
  body: object,
): Promise<Answer<Lease & Problem>> {
  return read(
    await call(stack, '/heartbeats', {
      ...(viewer && { viewer }),
      method: 'POST',
      body: JSON.stringify(body),
    }),
  );
}

/** The function URL, as a page's beacon calls it. */
export async function beatByUrl(url: string, body: object | string): Promise<Answer<Lease & Problem>> {
  return read(
    await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  );
}

export async function end(stack: RunningStage, viewer: Viewer, sessionId: string): Promise<Answer<Problem>> {
  return read(await call(stack, `/sessions/${sessionId}`, { viewer, method: 'DELETE' }));
}

export interface Concurrency {
  readonly limit: number;
  readonly sessions: readonly { readonly sessionId: string; readonly deviceId: string }[];
  readonly allowed: boolean;
  readonly deviceCount: number;
  readonly interval: number;
}

export async function concurrencyOf(stack: RunningStage, viewer: Viewer): Promise<Concurrency> {
  const answer = await read<Concurrency>(await call(stack, '/concurrency', { viewer }));
  if (answer.status !== 200) throw new Error(`GET /concurrency: ${answer.status} ${answer.text}`);
  return answer.body;
}

/** Buys something, and waits until the account has it. */
export async function bought(
  stack: RunningStage,
  viewer: Viewer,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const { version } = await snapshotOf(stack, viewer);
  await buy(stack, checkoutEvent(viewer.accountId, changes));
  await until(async () => (await snapshotOf(stack, viewer)).version > version);
}

/** A viewer with four screens, whose purchase has been dealt with to the end. */
export async function newSubscriber(stack: LocalStack): Promise<Viewer> {
  const viewer = await newViewer(stack);
  await bought(stack, viewer, { purchaseId: 'premium' });
  await queueEmpty(stack);
  return viewer;
}

/** Waits until every checkout event has been dealt with, pushes and the end of sessions included. */
export async function queueEmpty(stack: LocalStack): Promise<void> {
  await until(async () => (await depthOf(stack, stack.outputs['CheckoutQueueUrl'])) === 0);
}

/** What CloudWatch would make of the functions' lines for this metric: its sum since the stack was started. */
export function counted({ logs }: LocalStack, metric: Counted): number {
  const told = logs.filter(({ line }) => line.startsWith('{"_aws"'));
  return told.reduce(
    (sum, { line }) => sum + ((JSON.parse(line) as Record<Counted, number>)[metric] ?? 0),
    0,
  );
}

/** The lines a function of the stage logged with this message. */
export function logged({ logs }: LocalStack, message: string): readonly string[] {
  return logs.map(({ line }) => line).filter((line) => line.includes(`"message":"${message}"`));
}

/** The key that signed a session token. */
export function kidOf(sessionToken: string): string | undefined {
  return decodeProtectedHeader(sessionToken).kid;
}

/** The stage's cache, for whoever holds the stage's own key. */
export function stageCache({ momento }: LocalStack): CacheClient {
  const { host } = new URL(momento.url);
  const key = JSON.stringify({ endpoint: host, api_key: momento.mintKey('data') });
  return new CacheClient({
    configuration: Configurations.Lambda.latest().withReadConcern(ReadConcern.CONSISTENT),
    credentialProvider: CredentialProvider.fromString({
      authToken: Buffer.from(key).toString('base64'),
      endpointOverrides: {
        cacheEndpoint: host,
        controlEndpoint: host,
        tokenEndpoint: host,
        secureConnection: false,
      },
    }),
    defaultTtlSeconds: 60,
  });
}

/** Asks again and again, with pauses in which others get on. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  await vi.waitUntil(holds, { interval: 50, timeout: 20_000 });
}
