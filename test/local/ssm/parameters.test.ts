import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteParameterCommand,
  DeleteParametersCommand,
  DescribeParametersCommand,
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  PutParameterCommand,
  SSMClient,
  type PutParameterCommandInput,
} from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSsm, type SsmStandIn } from '../../../local/ssm/server.ts';

const region = 'eu-west-1';
let ssm: SsmStandIn;
let sdk: SSMClient;

const clientOf = ({ url }: SsmStandIn) =>
  new SSMClient({
    endpoint: url,
    region,
    maxAttempts: 1,
    credentials: { accessKeyId: 'LOCAL', secretAccessKey: 'local' },
  });

beforeEach(async () => {
  ssm = await startSsm({ region });
  sdk = clientOf(ssm);
});
afterEach(async () => {
  sdk.destroy();
  await ssm.stop();
});

const put = (input: Partial<PutParameterCommandInput>) =>
  sdk.send(new PutParameterCommand({ Name: '/usher/dev/key', Value: 'one', Type: 'SecureString', ...input }));
const get = (Name: string, WithDecryption = true) =>
  sdk.send(new GetParameterCommand({ Name, WithDecryption }));
const invalid = (message: string | RegExp) => ({
  name: 'ValidationException',
  message: expect.stringMatching(message) as string,
});

describe('a parameter', () => {
  it('is read as it was put', async () => {
    expect(await put({})).toMatchObject({ Version: 1, Tier: 'Standard' });
    const { Parameter } = await get('/usher/dev/key');
    expect(Parameter).toMatchObject({
      Name: '/usher/dev/key',
      Type: 'SecureString',
      Value: 'one',
      Version: 1,
      DataType: 'text',
      ARN: 'arn:aws:ssm:eu-west-1:000000000000:parameter/usher/dev/key',
    });
    expect(Parameter?.LastModifiedDate).toBeInstanceOf(Date);
    expect(ssm.get('/usher/dev/key')).toBe('one');
    expect(ssm.get('/usher/dev/other')).toBeUndefined();
  });

  it('that is secure cannot be read without decryption, and a plain one can', async () => {
    await put({ Value: 'top-secret' });
    await put({ Name: '/usher/dev/endpoint', Value: 'plain', Type: 'String' });
    const hidden = (await get('/usher/dev/key', false)).Parameter?.Value ?? '';
    expect(hidden).toMatch(/^[A-Za-z0-9+/=]{40,}$/);
    expect(Buffer.from(hidden, 'base64').toString()).not.toContain('top-secret');
    expect((await get('/usher/dev/endpoint', false)).Parameter?.Value).toBe('plain');
    const many = await sdk.send(new GetParametersCommand({ Names: ['/usher/dev/key'] }));
    expect(many.Parameters?.[0]?.Value).toBe(hidden);
    const below = await sdk.send(new GetParametersByPathCommand({ Path: '/usher/dev' }));
    expect(below.Parameters?.map(({ Value }) => Value)).not.toContain('top-secret');
  });

  it('is overwritten only on purpose, and keeps its versions and its type', async () => {
    await put({});
    await expect(put({ Value: 'two' })).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
    expect(await put({ Value: 'two', Overwrite: true, Type: undefined })).toMatchObject({ Version: 2 });
    expect((await get('/usher/dev/key')).Parameter).toMatchObject({ Value: 'two', Version: 2 });
    expect((await get('/usher/dev/key:1')).Parameter).toMatchObject({ Value: 'one', Selector: ':1' });
    const arn = 'arn:aws:ssm:eu-west-1:000000000000:parameter/usher/dev/key';
    expect((await get(`${arn}:2`)).Parameter).toMatchObject({ Value: 'two' });
    await expect(get('/usher/dev/key:3')).rejects.toMatchObject({ name: 'ParameterVersionNotFound' });
    await expect(put({ Type: 'String', Overwrite: true })).rejects.toMatchObject({
      name: 'HierarchyTypeMismatchException',
    });
  });

  it('keeps its last hundred versions', async () => {
    for (let version = 1; version <= 101; version += 1) {
      ssm.put({ name: 'counter', value: String(version), type: 'String' });
    }
    await expect(get('counter:1')).rejects.toMatchObject({ name: 'ParameterVersionNotFound' });
    expect((await get('counter:2')).Parameter?.Value).toBe('2');
    expect((await get('counter')).Parameter?.Value).toBe('101');
  });

  it('holds at most 4 KB, and never nothing', async () => {
    await expect(put({ Value: 'x'.repeat(4096) })).resolves.toBeDefined();
    await expect(put({ Value: 'x'.repeat(4097), Overwrite: true })).rejects.toMatchObject(invalid(/4096/));
    await expect(put({ Name: '/a/b', Value: '' })).rejects.toMatchObject(invalid(/empty/));
    await expect(put({ Name: '/a/b', Value: '{{other}}' })).rejects.toMatchObject(invalid(/nest/));
  });

  it.each(['a/b', '/a//b', '/a/', '/a b', '/aws/key', 'SSM-key', '/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16'])(
    'cannot be called %s',
    async (Name) => {
      await expect(put({ Name })).rejects.toMatchObject(invalid('Parameter name'));
    },
  );

  it('needs a type when it is new', async () => {
    await expect(put({ Type: undefined })).rejects.toMatchObject(invalid('A parameter type is required'));
  });

  it.each([
    ['Tier', { Tier: 'Advanced' as const }],
    ['KeyId', { KeyId: 'alias/mine' }],
    ['AllowedPattern', { AllowedPattern: '.*' }],
    ['DataType', { DataType: 'aws:ec2:image' }],
    ['Tags', { Tags: [{ Key: 'a', Value: 'b' }] }],
    ['Policies', { Policies: '[]' }],
  ])('is refused by name with a %s that nothing here would honour', async (name, input) => {
    await expect(put(input)).rejects.toMatchObject(invalid(name));
    expect(ssm.get('/usher/dev/key')).toBeUndefined();
  });

  it('is gone once deleted', async () => {
    await put({});
    await sdk.send(new DeleteParameterCommand({ Name: '/usher/dev/key' }));
    await expect(get('/usher/dev/key')).rejects.toMatchObject({ name: 'ParameterNotFound' });
    await expect(sdk.send(new DeleteParameterCommand({ Name: '/usher/dev/key' }))).rejects.toMatchObject({
      name: 'ParameterNotFound',
    });
    await put({});
    const many = await sdk.send(new DeleteParametersCommand({ Names: ['/usher/dev/key', '/nowhere'] }));
    expect(many).toMatchObject({ DeletedParameters: ['/usher/dev/key'], InvalidParameters: ['/nowhere'] });
  });
});

describe('several parameters', () => {
  it('are read together, at most ten, and the missing ones are named', async () => {
    await put({});
    const { Parameters, InvalidParameters } = await sdk.send(
      new GetParametersCommand({
        Names: ['/usher/dev/key', '/nowhere', '/usher/dev/key:7'],
        WithDecryption: true,
      }),
    );
    expect(Parameters?.map(({ Value }) => Value)).toEqual(['one']);
    expect(InvalidParameters).toEqual(['/nowhere', '/usher/dev/key:7']);
    const eleven = Array.from({ length: 11 }, (_, index) => `/p${index}`);
    await expect(sdk.send(new GetParametersCommand({ Names: eleven }))).rejects.toMatchObject(
      invalid('Names'),
    );
  });

  it('are read below a path, one level or all, page by page', async () => {
    for (const name of ['/usher/dev/a', '/usher/dev/b', '/usher/dev/c/d', '/usher/device', '/other']) {
      ssm.put({ name, value: name, type: 'String' });
    }
    const names = async (input: { Recursive?: boolean; MaxResults?: number; NextToken?: string }) => {
      const page = await sdk.send(new GetParametersByPathCommand({ Path: '/usher/dev', ...input }));
      return { names: page.Parameters?.map(({ Name }) => Name), token: page.NextToken };
    };
    expect(await names({})).toEqual({ names: ['/usher/dev/a', '/usher/dev/b'], token: undefined });
    const first = await names({ Recursive: true, MaxResults: 2 });
    expect(first.names).toEqual(['/usher/dev/a', '/usher/dev/b']);
    const NextToken = first.token ?? '';
    expect(await names({ Recursive: true, MaxResults: 2, NextToken })).toEqual({
      names: ['/usher/dev/c/d'],
      token: undefined,
    });
    await expect(names({ NextToken: 'made-up' })).rejects.toMatchObject({ name: 'InvalidNextToken' });
    const elsewhere = new GetParametersByPathCommand({ Path: '/other', NextToken });
    await expect(sdk.send(elsewhere)).rejects.toMatchObject({ name: 'InvalidNextToken' });
  });
});

describe('an outage', () => {
  it('cuts every call until it is over, and counts them all', async () => {
    await put({});
    const before = ssm.calls;
    ssm.block();
    await expect(get('/usher/dev/key')).rejects.toMatchObject({ code: 'ECONNRESET' });
    ssm.unblock();
    expect((await get('/usher/dev/key')).Parameter?.Value).toBe('one');
    expect(ssm.calls - before).toBe(2);
  });
});

describe('a call that is refused', () => {
  it('has no signature, an unknown operation or a body of the wrong form', async () => {
    const post = async (target: string, body: string, authorization?: string) => {
      const response = await fetch(ssm.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': target,
          ...(authorization && { authorization }),
        },
        body,
      });
      return { status: response.status, body: await response.json() };
    };
    const signed =
      'AWS4-HMAC-SHA256 Credential=LOCAL/20261122/eu-west-1/ssm/aws4_request, SignedHeaders=host, ' +
      `Signature=${'a'.repeat(64)}`;
    const refused = (type: string) => ({ status: 400, body: { __type: type } });
    const Name = JSON.stringify({ Name: 'x' });
    expect(await post('AmazonSSM.GetParameter', Name)).toMatchObject(
      refused('MissingAuthenticationTokenException'),
    );
    expect(await post('AmazonSSM.GetParameter', '{', signed)).toMatchObject(
      refused('SerializationException'),
    );
    expect(await post('AmazonSSM.GetParameter', '{"Name":1}', signed)).toMatchObject(
      refused('SerializationException'),
    );
    expect(await post('AmazonSSM.GetParameter', '{}', signed)).toMatchObject(refused('ValidationException'));
    expect(await post('GetParameter', Name, signed)).toMatchObject(refused('UnknownOperationException'));
    await expect(sdk.send(new DescribeParametersCommand({}))).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: expect.stringContaining('DescribeParameters') as string,
    });
  });
});

describe('a stand-in with a file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'usher-ssm-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('comes back with what it held, readable by its owner only', async () => {
    const file = join(folder, 'kept', 'ssm.json');
    const before = await startSsm({ region, file });
    before.put({ name: '/usher/dev/key', value: 'one', type: 'SecureString' });
    before.put({ name: '/usher/dev/key', value: 'two', type: 'SecureString' });
    await before.stop();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'kept'))).toEqual(['ssm.json']);

    const after = await startSsm({ region, file });
    const again = clientOf(after);
    const first = new GetParameterCommand({ Name: '/usher/dev/key:1', WithDecryption: true });
    expect((await again.send(first)).Parameter?.Value).toBe('one');
    expect(after.get('/usher/dev/key')).toBe('two');
    again.destroy();
    await after.stop();
  });

  it('refuses to start from a file that is something else, and quotes none of it', async () => {
    const file = join(folder, 'ssm.json');
    await writeFile(file, '{"key":"very secret"');
    const { message } = await startSsm({ region, file }).then(
      () => new Error('it started'),
      (error: Error) => error,
    );
    expect(message).toMatch(/does not hold parameters/);
    expect(message).not.toContain('very secret');
  });
});
