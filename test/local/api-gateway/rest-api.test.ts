import { expect, test } from 'vitest';
import { readRestApi } from '../../../local/api-gateway/rest-api.ts';
import { createResolver } from '../../../local/cloudformation/resolver.ts';

const setting = (HttpMethod: string, ResourcePath: string, rate?: number) => ({
  HttpMethod,
  ResourcePath,
  ...(rate !== undefined && { ThrottlingRateLimit: rate, ThrottlingBurstLimit: 2 * rate }),
});

/** An API with preflights at `/` and `/sessions/{id}`, and these settings of its methods. */
function apiWith(...MethodSettings: readonly object[]) {
  const preflight = (ResourceId: object) => ({
    Type: 'AWS::ApiGateway::Method',
    Properties: {
      HttpMethod: 'OPTIONS',
      AuthorizationType: 'NONE',
      ResourceId,
      Integration: {
        Type: 'MOCK',
        IntegrationResponses: [{ StatusCode: '204', ResponseParameters: {} }],
      },
    },
  });
  const below = (parent: object, PathPart: string) => ({
    Type: 'AWS::ApiGateway::Resource',
    Properties: { ParentId: parent, PathPart },
  });
  const root = { 'Fn::GetAtt': ['Api', 'RootResourceId'] };
  const template = {
    Resources: {
      Api: { Type: 'AWS::ApiGateway::RestApi', Properties: {} },
      Stage: { Type: 'AWS::ApiGateway::Stage', Properties: { StageName: 'dev', MethodSettings } },
      Sessions: below(root, 'sessions'),
      Session: below({ Ref: 'Sessions' }, '{id}'),
      AtRoot: preflight(root),
      AtSession: preflight({ Ref: 'Session' }),
    },
  };
  const resolver = createResolver({
    template,
    pseudoParameters: {},
    identityOf: (logicalId) => ({ ref: logicalId, attributes: { RootResourceId: 'root' } }),
  });
  return readRestApi({
    resolver,
    userPools: new Map() as never,
    iam: () => expect.fail('no method asks for it'),
    functions: new Map(),
    idOf: (logicalId) => logicalId,
  });
}

function limitsOf(api: ReturnType<typeof apiWith>) {
  return Object.fromEntries(api?.routes.map(({ resourcePath, throttle }) => [resourcePath, throttle]) ?? []);
}

test('a method has the limit that its settings state, and the others share the stage’s', () => {
  const api = apiWith(setting('*', '/*', 10), setting('OPTIONS', '/~1sessions~1{id}', 3));
  expect(api?.throttle).toEqual({ rate: 10, burst: 20 });
  expect(limitsOf(api)).toEqual({ '/': undefined, '/sessions/{id}': { rate: 3, burst: 6 } });
});

test('the root is a route like any other', () => {
  expect(limitsOf(apiWith(setting('OPTIONS', '/~1', 3)))).toMatchObject({ '/': { rate: 3, burst: 6 } });
});

test('settings without a limit set none', () => {
  const api = apiWith(setting('*', '/*'));
  expect(api?.throttle).toBeUndefined();
});

test.each([
  setting('GET', '/~1sessions~1{id}', 3),
  setting('OPTIONS', '/sessions/{id}', 3),
  setting('*', '/~1sessions~1{id}', 3),
])('settings of what is no route are refused: %j', (stray) => {
  expect(() => apiWith(stray)).toThrow(
    /^Stage \(AWS::ApiGateway::Stage\): MethodSettings: .* is no route of the REST API$/,
  );
});
