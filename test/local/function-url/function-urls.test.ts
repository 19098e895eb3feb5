import { afterEach, expect, test, vi } from 'vitest';
import type { Template } from '../../../local/cloudformation/assembly.ts';
import { type LocalStack, startLocal } from '../../../local/stack.ts';
import { assembly, att, ref, sub } from '../fixtures/assembly.ts';

const started: LocalStack[] = [];
afterEach(() => Promise.all(started.splice(0).map((local) => local.stop())));

async function start(template: Template): Promise<LocalStack> {
  const local = await startLocal({ assembly: assembly(template) });
  started.push(local);
  return local;
}

/** A bell that anybody may ring: one function behind a URL, and one that knows its address. */
function bell(changed: Readonly<Record<string, object | undefined>> = {}): Template {
  const lambda = (handler: string, properties: object) => ({
    Type: 'AWS::Lambda::Function',
    Properties: {
      Code: { S3Bucket: 'assets', S3Key: 'shop.zip' },
      Handler: `index.${handler}`,
      Runtime: 'nodejs24.x',
      Role: att('Role', 'Arn'),
      ...properties,
    },
  });
  const permission = (Action: string, condition: object) => ({
    Type: 'AWS::Lambda::Permission',
    Properties: { Action, FunctionName: att('Bell', 'Arn'), Principal: '*', ...condition },
  });
  const resources: Record<string, { Type: string; Properties?: object }> = {
    Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {} } },
    Bell: lambda('ring', { ReservedConcurrentExecutions: 1 }),
    Guest: lambda('readOrder', { Environment: { Variables: { BELL_URL: att('Url', 'FunctionUrl') } } }),
    Url: {
      Type: 'AWS::Lambda::Url',
      Properties: { AuthType: 'NONE', TargetFunctionArn: att('Bell', 'Arn') },
    },
    MayUseUrl: permission('lambda:InvokeFunctionUrl', { FunctionUrlAuthType: 'NONE' }),
    MayInvoke: permission('lambda:InvokeFunction', { InvokedViaFunctionUrl: true }),
  };
  const Resources = Object.fromEntries(
    Object.entries(resources).map(([logicalId, resource]) => [
      logicalId,
      { ...resource, Properties: { ...resource.Properties, ...changed[logicalId] } },
    ]),
  );
  return {
    Resources,
    Outputs: {
      Bell: { Value: att('Url', 'FunctionUrl') },
      BellArn: { Value: att('Url', 'FunctionArn') },
      Page: { Value: sub('${Url.FunctionUrl}page') },
      Of: { Value: ref('Url') },
    },
  };
}

test('opens a URL on loopback, and tells functions and outputs where it is', async () => {
  const local = await start(bell());
  const { Bell: url = '', BellArn, Page, Of } = local.outputs;
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  expect(Page).toBe(`${url}page`);
  expect([BellArn, Of]).toEqual(
    Array(2).fill('arn:aws:lambda:ap-northeast-1:000000000000:function:shop-local-Bell'),
  );
  expect(await local.invoke('Guest', { probe: true })).toMatchObject({ BELL_URL: url });
  const response = await fetch(url, { method: 'POST', body: 'ding' });
  expect([response.status, await response.text()]).toEqual([200, 'ding']);
  await local.stop();
  await expect(fetch(url)).rejects.toThrow('fetch failed');
});

test('takes the port it is given for the first URL', async () => {
  const first = await start(bell());
  const port = Number(new URL(first.outputs['Bell'] ?? '').port);
  await first.stop();
  const second = await startLocal({ assembly: assembly(bell()), ports: { functionUrl: port } });
  started.push(second);
  expect(second.outputs['Bell']).toBe(first.outputs['Bell']);
});

test('answers 429 while the reserved concurrency is taken, and 502 to whom the function ran out of time', async () => {
  const local = await start(bell({ Bell: { Timeout: 1 } }));
  const ring = (body: string) => fetch(local.outputs['Bell'] ?? '', { method: 'POST', body });
  const waiting = ring('wait');
  const said = { functionName: 'shop-local-Bell', line: 'waiting' };
  await vi.waitFor(() => expect(local.logs).toContainEqual(said), { timeout: 10_000 });
  const busy = await ring('ding');
  expect(busy.status).toBe(429);
  expect(busy.headers.get('x-amzn-errortype')).toBe('TooManyRequestsException');
  expect(await busy.json()).toMatchObject({ Message: 'Rate Exceeded.' });
  expect((await waiting).status).toBe(502);
  expect((await ring('ding')).status).toBe(200);
});

test.each([
  ['lambda:InvokeFunctionUrl', { MayUseUrl: { Principal: 'apigateway.amazonaws.com' } }],
  ['lambda:InvokeFunctionUrl', { MayUseUrl: { FunctionUrlAuthType: 'AWS_IAM' } }],
  ['lambda:InvokeFunctionUrl', { MayUseUrl: { FunctionName: ref('Guest') } }],
  ['lambda:InvokeFunctionUrl', { MayUseUrl: { PrincipalOrgID: 'o-1' } }],
  ['lambda:InvokeFunction', { MayInvoke: { InvokedViaFunctionUrl: false } }],
  ['lambda:InvokeFunction', { MayInvoke: { SourceAccount: '111111111111' } }],
])('answers 403 where the template does not grant %s to everybody, and says so', async (action, changed) => {
  const local = await start(bell(changed));
  expect((await fetch(local.outputs['Bell'] ?? '')).status).toBe(403);
  expect(local.logs).toContainEqual({
    functionName: 'Url',
    line: expect.stringContaining(`answers 403: the template does not grant ${action} to`) as string,
  });
});

test.each([
  ['a URL for signed requests', { AuthType: 'AWS_IAM' }, 'AuthType is "AWS_IAM"'],
  ['a URL that streams', { InvokeMode: 'RESPONSE_STREAM' }, 'InvokeMode is "RESPONSE_STREAM"'],
  ['a URL of an alias', { Qualifier: 'live' }, 'Qualifier is not supported'],
  ['a URL without an AuthType', { AuthType: undefined }, 'AuthType is missing'],
  ['a setting that CORS does not have', { Cors: { AllowAll: true } }, 'Cors.AllowAll is not supported'],
  ['preflights for the function', { Cors: { AllowMethods: ['OPTIONS'] } }, 'Cors.AllowMethods has OPTIONS'],
  [
    'a pattern of origins',
    { Cors: { AllowOrigins: ['https://*.a.example'] } },
    'the pattern https://*.a.example',
  ],
  ['credentials for all', { Cors: { AllowCredentials: true, AllowOrigins: ['*'] } }, 'Cors.AllowCredentials'],
  ['a preflight kept too long', { Cors: { MaxAge: 86_401 } }, 'Cors.MaxAge is 86401'],
  [
    'a function from elsewhere',
    { TargetFunctionArn: 'arn:aws:lambda:a:1:function:f' },
    'is no function of the template',
  ],
])('stops at %s, naming it', async (_what, properties, message) => {
  const starting = startLocal({ assembly: assembly(bell({ Url: properties })) });
  await expect(starting).rejects.toThrow(message);
  await expect(starting).rejects.toThrow('Url');
});
