import { expect, test } from 'vitest';
import { createResolver } from '../../../local/cloudformation/resolver.ts';
import { provideCustomResources } from '../../../local/custom-resource/provide.ts';
import type { Outcome } from '../../../local/lambda/environment.ts';

const ARN = 'arn:aws:lambda:eu-west-1:000000000000:function:provide';

interface Event {
  readonly ResponseURL: string;
  readonly [name: string]: unknown;
}

/** Runs the one custom resource of a template on a function that does this with the event. */
async function provide(
  handler: (event: Event) => Promise<Outcome | void>,
  properties: object = {},
  type = 'Custom::Cache',
) {
  const template = {
    Resources: { Cache: { Type: type, Properties: { ServiceToken: ARN, ...properties } } },
  };
  await provideCustomResources({
    resolver: createResolver({ template, pseudoParameters: {}, identityOf: () => undefined }),
    stackId: 'the stack',
    functions: [
      {
        name: 'provide',
        arn: ARN,
        invoke: async (payload) =>
          (await handler(JSON.parse(payload) as Event)) ?? { ok: true, payload: 'null' },
      },
    ],
  });
}

function answer(event: Event, changes: object = {}, init: RequestInit = {}): Promise<Response> {
  const { ResponseURL, StackId, RequestId, LogicalResourceId } = event;
  const answered = { Status: 'SUCCESS', PhysicalResourceId: 'one', StackId, RequestId, LogicalResourceId };
  const body = Buffer.from(JSON.stringify({ ...answered, ...changes }));
  return fetch(ResponseURL, { method: 'PUT', body, ...init });
}

test.each(['Custom::Cache', 'AWS::CloudFormation::CustomResource'])(
  'asks the function of a %s to create it, with every property as a text',
  async (type) => {
    let seen: Event | undefined;
    const handler = async (event: Event) => {
      seen = event;
      expect((await answer(event)).status).toBe(200);
    };
    await provide(handler, { ServiceTimeout: 30, Options: { Big: true, Sizes: [1, 'two'] } }, type);
    expect(seen).toEqual({
      RequestType: 'Create',
      RequestId: expect.any(String),
      StackId: 'the stack',
      LogicalResourceId: 'Cache',
      ResourceType: type,
      ResponseURL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}$/),
      ServiceToken: ARN,
      ResourceProperties: {
        ServiceToken: ARN,
        ServiceTimeout: '30',
        Options: { Big: 'true', Sizes: ['1', 'two'] },
      },
    });
  },
);

test('names the resource and the reason when it could not be created', async () => {
  const handler = async (event: Event) =>
    void (await answer(event, { Status: 'FAILED', Reason: 'the account is full' }));
  await expect(provide(handler)).rejects.toThrow('Cache (Custom::Cache): the account is full');
});

test('does not wait for an answer that will not come from a function that failed', async () => {
  const error = { errorType: 'Error', errorMessage: 'x is not set' };
  const handler = async () => ({ ok: false, error }) as const;
  await expect(provide(handler)).rejects.toThrow('Cache (Custom::Cache): provide failed: x is not set');
});

test('waits no longer than the resource says', async () => {
  await expect(provide(async () => {}, { ServiceTimeout: 1 })).rejects.toThrow('no answer within 1 s');
});

test.each([0, 3601, 1.5, 'soon'])('refuses %s seconds as ServiceTimeout', async (ServiceTimeout) => {
  await expect(provide(async () => {}, { ServiceTimeout })).rejects.toThrow('ServiceTimeout has to be');
});

test('refuses a ServiceToken that is no function of the template', async () => {
  await expect(provide(async () => {}, { ServiceToken: 'arn:aws:sns:x' })).rejects.toThrow(
    'Cache (Custom::Cache): ServiceToken',
  );
});

test.each([
  ['for another request', { RequestId: 'another' }, 'RequestId'],
  ['for another stack', { StackId: 'another' }, 'StackId'],
  ['without an id', { PhysicalResourceId: undefined }, 'PhysicalResourceId'],
  ['with too long an id', { PhysicalResourceId: 'x'.repeat(1025) }, 'PhysicalResourceId'],
  ['with a status of its own', { Status: 'DONE' }, 'Status'],
  ['that failed for no reason', { Status: 'FAILED' }, 'Reason'],
  ['of more than 4 KB', { Data: 'x'.repeat(4096) }, '4096 bytes'],
])('does not take an answer %s', async (_, changes, complaint) => {
  await expect(provide(async (event) => void (await answer(event, changes)))).rejects.toThrow(complaint);
});

test('takes an answer as S3 does: by PUT, at the very address, without a content type', async () => {
  const { promise: statuses, resolve } = Promise.withResolvers<readonly number[]>();
  await provide(async (event) => {
    const tries: readonly [Event, RequestInit][] = [
      [{ ...event, ResponseURL: `${event.ResponseURL}x` }, {}],
      [event, { method: 'POST' }],
      [event, { headers: { 'content-type': 'application/json' } }],
      [event, {}],
    ];
    const found: number[] = [];
    for (const [to, init] of tries) {
      const taken = await answer(to, {}, init).catch(() => undefined); // closed, once an answer was taken
      found.push(taken?.status ?? 0);
    }
    resolve(found);
  });
  expect(await statuses).toEqual([403, 403, 403, 200]);
});
