import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readAnswer } from '../../../local/custom-resource/answer.ts';
import {
  CannotProvide,
  customResource,
  type CustomResource,
} from '../../../shared/lambda/custom-resource.ts';
import { capturedLog } from '../../support/captured-log.ts';

const REQUEST = { StackId: 'arn:aws:cloudformation:eu-west-1:1:stack/usher-dev/x', RequestId: 'r-1' };
const SECRET = 'signature-of-the-url';

interface Put {
  readonly method: string | undefined;
  readonly contentType: string | undefined;
  readonly body: string;
}

/** Where CloudFormation wants its answer put, with the statuses that the first tries get. */
async function cloudFormation(statuses: readonly number[] = []) {
  const puts: Put[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      puts.push({ method: request.method, contentType: request.headers['content-type'], body });
      response.writeHead(statuses[puts.length - 1] ?? 200).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => server.close().closeAllConnections());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer?Signature=${SECRET}`;
  const request = { ...REQUEST, LogicalResourceId: 'Cache' };
  return { url, puts, answer: () => readAnswer(puts.at(-1)?.body ?? '', request) };
}

function event(url: string, changes: object = {}): CloudFormationCustomResourceEvent {
  return {
    ...REQUEST,
    RequestType: 'Create',
    ResponseURL: url,
    LogicalResourceId: 'Cache',
    ResourceType: 'Custom::MomentoCache',
    ServiceToken: 'arn:aws:lambda:eu-west-1:1:function:provide',
    ResourceProperties: { ServiceToken: 'arn:aws:lambda:eu-west-1:1:function:provide', CacheName: 'new' },
    ...changes,
  };
}

const ofDuration = (remainingMs: number) => ({
  getRemainingTimeInMillis: () => remainingMs,
  logGroupName: '/aws/lambda/provide',
});
const inTime = ofDuration(60_000);

function resource(changes: Partial<CustomResource> = {}): CustomResource {
  return {
    make: async ({ CacheName }) => String(CacheName),
    idOfHalfMade: ({ CacheName }) => `half ${String(CacheName)}`,
    remove: async () => {},
    ...changes,
  };
}

const cannot = async () => Promise.reject(new CannotProvide('the account is full'));
const CHANGE = { RequestType: 'Update', PhysicalResourceId: 'old', OldResourceProperties: {} };
const REMOVAL = { RequestType: 'Delete', PhysicalResourceId: 'old' };

describe('CloudFormation', () => {
  it('is told that a resource is made, and its id, in a way that its URL admits', async () => {
    const { url, puts, answer } = await cloudFormation();
    await customResource(resource())(event(url), inTime);
    expect(answer()).toEqual({ status: 'SUCCESS', id: 'new' });
    expect(puts).toEqual([expect.objectContaining({ method: 'PUT', contentType: undefined })]);
  });

  it('is told of another id after a change that made another', async () => {
    const { url, answer } = await cloudFormation();
    await customResource(resource())(event(url, CHANGE), inTime);
    expect(answer()).toEqual({ status: 'SUCCESS', id: 'new' });
  });

  it('is told that what it named is removed', async () => {
    const removed: string[] = [];
    const { url, answer } = await cloudFormation();
    const remove = async (id: string) => void removed.push(id);
    await customResource(resource({ remove }))(event(url, REMOVAL), inTime);
    expect(answer()).toEqual({ status: 'SUCCESS', id: 'old' });
    expect(removed).toEqual(['old']);
  });

  it.each([
    ['a creation', {}, 'half new'],
    ['a change', CHANGE, 'old'],
    ['a removal', REMOVAL, 'old'],
  ])('is told why %s failed, and of what there still is', async (_, changes, id) => {
    const { url, answer } = await cloudFormation();
    await customResource(resource({ make: cannot, remove: cannot }))(event(url, changes), inTime);
    expect(answer()).toEqual({ status: 'FAILED', id, reason: 'the account is full' });
  });

  it('is answered before the function’s time is up, whatever hangs', async () => {
    const { url, answer } = await cloudFormation();
    const make = () => new Promise<string>(() => {});
    await customResource(resource({ make }))(event(url), ofDuration(10_010));
    expect(answer()).toMatchObject({ status: 'FAILED', id: 'half new', reason: /too long/ });
  });

  it('is told of a fault of usher’s own where to look, and not what it says', async () => {
    const log = capturedLog();
    const { url, answer } = await cloudFormation();
    const make = async () => Promise.reject(new TypeError(`bad ${SECRET}`));
    await customResource(resource({ make }))(event(url), inTime);
    expect(answer()).toMatchObject({
      status: 'FAILED',
      reason: expect.stringContaining('/aws/lambda/provide'),
    });
    expect(JSON.stringify(answer())).not.toContain(SECRET);
    expect(log.lines()).toContainEqual(expect.objectContaining({ level: 'ERROR', message: 'not provided' }));
  });

  it('is never told more than the 4 KB that it takes', async () => {
    const { url, puts, answer } = await cloudFormation();
    const make = async () => Promise.reject(new CannotProvide('視'.repeat(5000)));
    await customResource(resource({ make }))(event(url), inTime);
    expect(answer()).toMatchObject({ status: 'FAILED' });
    expect(Buffer.byteLength(puts[0]?.body ?? '')).toBeLessThanOrEqual(4096);
  });

  it('is told once more when it did not take the answer', async () => {
    const { url, puts } = await cloudFormation([503, 500]);
    await customResource(resource())(event(url), inTime);
    expect(puts).toHaveLength(3);
    expect(new Set(puts.map(({ body }) => body)).size).toBe(1);
  });

  it('that takes no answer is no success: Lambda runs the request again, and the log does not hold its URL', async () => {
    const log = capturedLog();
    const { url, puts } = await cloudFormation([403, 403, 403]);
    await expect(customResource(resource())(event(url), inTime)).rejects.toThrow('did not take the answer');
    expect(puts).toHaveLength(3);
    expect(log.text()).toContain('status 403');
    expect(log.text()).not.toContain(SECRET);
  });
});
