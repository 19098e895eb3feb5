import { ResponseType } from 'aws-cdk-lib/aws-apigateway';
import { describe, expect, it } from 'vitest';
import { resourcesOf, synthesize, theOnly } from './synthesize.ts';

interface GatewayResponse {
  readonly ResponseType: string;
  readonly StatusCode: string;
  readonly ResponseParameters: Readonly<Record<string, string>>;
  readonly ResponseTemplates: Readonly<Record<string, string>>;
}

type Template = ReturnType<typeof synthesize>;
const template = synthesize({ stageName: 'dev', origins: 'https://tv.example' });
const manyOrigins = synthesize({ stageName: 'dev', origins: 'https://tv.example,http://localhost:3000' });

/** Each method by `VERB /path`. */
function routesOf(of: Template): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  const resources = resourcesOf(of, 'AWS::ApiGateway::Resource');
  const pathOf = (id: unknown): string => {
    const { Ref } = id as { readonly Ref?: string };
    const resource = Ref === undefined ? undefined : resources[Ref];
    return resource === undefined
      ? ''
      : `${pathOf(resource.Properties['ParentId'])}/${String(resource.Properties['PathPart'])}`;
  };
  return new Map(
    Object.values(resourcesOf(of, 'AWS::ApiGateway::Method')).map(({ Properties }) => [
      `${String(Properties['HttpMethod'])} ${pathOf(Properties['ResourceId']) || '/'}`,
      Properties,
    ]),
  );
}

/** The limits of each route, by the name that API Gateway gives it. */
function settingsOf(of: Template): ReadonlyMap<string, { readonly rate: number; readonly burst: number }> {
  const { MethodSettings } = theOnly(of, 'AWS::ApiGateway::Stage') as {
    readonly MethodSettings: readonly Readonly<Record<string, never>>[];
  };
  return new Map(
    MethodSettings.map((one) => [
      `${one['HttpMethod']} ${one['ResourcePath']}`,
      { rate: one['ThrottlingRateLimit']!, burst: one['ThrottlingBurstLimit']! },
    ]),
  );
}

function gatewayResponsesOf(of: Template): readonly GatewayResponse[] {
  return Object.values(resourcesOf(of, 'AWS::ApiGateway::GatewayResponse')).map(
    ({ Properties }) => Properties as unknown as GatewayResponse,
  );
}

const VIEWER = [
  'DELETE /sessions/{sessionId}',
  'GET /concurrency',
  'GET /entitlements',
  'GET /token',
  'POST /entitlements/recompute',
  'POST /heartbeats',
  'POST /sessions',
];
const SUPPORT = [
  'DELETE /support/accounts/{accountId}',
  'DELETE /support/accounts/{accountId}/promotions/{promotionId}',
  'DELETE /support/accounts/{accountId}/sessions/{sessionId}',
  'GET /support/accounts/{accountId}',
  'GET /support/accounts/{accountId}/export',
  'PUT /support/accounts/{accountId}/promotions/{promotionId}',
];
const OPEN = ['GET /.well-known/jwks.json', 'GET /catalog', 'POST /checkout-events'];

describe('the REST API', () => {
  const routes = routesOf(template);

  it('has the routes of the design', () => {
    const real = [...routes.keys()].filter((route) => !route.startsWith('OPTIONS'));
    expect(real.toSorted()).toEqual([...VIEWER, ...SUPPORT, ...OPEN].toSorted());
  });

  it.each(VIEWER)('%s asks for an ID token of the stage’s own user pool', (route) => {
    const { AuthorizationType, AuthorizerId } = routes.get(route)!;
    expect(AuthorizationType).toBe('COGNITO_USER_POOLS');
    const { Ref } = AuthorizerId as { readonly Ref: string };
    const pool = Object.keys(resourcesOf(template, 'AWS::Cognito::UserPool'))[0];
    expect(resourcesOf(template, 'AWS::ApiGateway::Authorizer')[Ref]?.Properties).toMatchObject({
      Type: 'COGNITO_USER_POOLS',
      IdentitySource: 'method.request.header.Authorization',
      ProviderARNs: [{ 'Fn::GetAtt': [pool, 'Arn'] }],
    });
  });

  it.each(SUPPORT)('%s asks for a request that is signed by somebody whom IAM lets invoke it', (route) => {
    expect(routes.get(route)).toMatchObject({ AuthorizationType: 'AWS_IAM' });
    expect(routes.get(route)).not.toHaveProperty('AuthorizerId');
  });

  it.each(OPEN)('%s is open', (route) => {
    expect(routes.get(route)).toMatchObject({ AuthorizationType: 'NONE' });
    expect(routes.get(route)).not.toHaveProperty('AuthorizerId');
  });

  it('is edge-optimised, for CloudFront tells the country, and its path is the stage', () => {
    expect(theOnly(template, 'AWS::ApiGateway::RestApi')).toMatchObject({
      EndpointConfiguration: { Types: ['EDGE'] },
    });
    expect(theOnly(template, 'AWS::ApiGateway::Stage')).toMatchObject({ StageName: 'dev' });
  });

  it('is throttled, more narrowly outside prod, and as it is told', () => {
    expect(settingsOf(template).get('* /*')).toEqual({ rate: 500, burst: 1000 });
    expect(settingsOf(synthesize({ stageName: 'prod' })).get('* /*')).toEqual({ rate: 1000, burst: 2000 });
    const told = synthesize({ stageName: 'prod', requestsPerSecond: '4000' });
    expect(settingsOf(told).get('* /*')).toEqual({ rate: 4000, burst: 8000 });
    expect(settingsOf(told).get('GET /~1token')).toEqual({ rate: 800, burst: 1600 });
  });

  it('limits every route by itself, so that a flood at one door leaves the others open', () => {
    const settings = settingsOf(template);
    const written = (route: string) =>
      route.replace(/ (.*)$/, (_, path: string) => ` /${path.replaceAll('/', '~1')}`);
    expect([...settings.keys()].toSorted()).toEqual(
      ['* /*', ...[...VIEWER, ...SUPPORT, ...OPEN].map(written)].toSorted(),
    );
    expect(settings.get('POST /~1heartbeats')).toEqual({ rate: 500, burst: 1000 });
    expect(settings.get('DELETE /~1sessions~1{sessionId}')).toEqual({ rate: 250, burst: 500 });
    expect(settings.get('POST /~1entitlements~1recompute')).toEqual({ rate: 50, burst: 100 });
  });

  it('writes access logs where it is told to, without what would open a door', () => {
    expect(theOnly(template, 'AWS::ApiGateway::Stage')).not.toHaveProperty('AccessLogSetting');
    const logged = synthesize({ stageName: 'prod', accessLogs: 'true' });
    const { AccessLogSetting } = theOnly(logged, 'AWS::ApiGateway::Stage') as {
      readonly AccessLogSetting: { readonly DestinationArn: unknown; readonly Format: string };
    };
    const [group] = Object.entries(resourcesOf(logged, 'AWS::Logs::LogGroup')).filter(
      ([, { Properties }]) => Properties['LogGroupName'] === '/aws/apigateway/usher-prod',
    );
    expect(group?.[1].Properties['RetentionInDays']).toBe(30);
    expect(AccessLogSetting.DestinationArn).toEqual({ 'Fn::GetAtt': [group?.[0], 'Arn'] });
    const fields = Object.values(JSON.parse(AccessLogSetting.Format) as Record<string, string>);
    expect(fields).toContain('$context.httpMethod $context.resourcePath');
    // `path` holds session ids; `requestOverride`, `identity.*` and the authorizer's other members hold credentials.
    const harmless =
      /^\$context\.(requestId|requestTime|identity\.sourceIp|httpMethod|resourcePath|authorizer\.claims\.sub|status|error\.responseType|responseLatency|integrationLatency|responseLength)$/;
    for (const variable of fields.flatMap((field) => field.split(' '))) expect(variable).toMatch(harmless);
    expect(JSON.parse(AccessLogSetting.Format)).toHaveProperty('accountId', '$context.authorizer.claims.sub');
  });
});

describe('a preflight', () => {
  it.each([...VIEWER, ...OPEN])(
    'of %s lets the stage’s page in, with its headers and without credentials',
    (route) => {
      const preflight = routesOf(template).get(`OPTIONS ${route.split(' ')[1]}`);
      expect(preflight).toMatchObject({ AuthorizationType: 'NONE' });
      const text = JSON.stringify(preflight);
      expect(text).toContain(`"method.response.header.Access-Control-Allow-Origin":"'https://tv.example'"`);
      expect(text).toContain(`"'Authorization,Content-Type,If-None-Match'"`);
      expect(text).not.toContain('Credentials');
    },
  );

  it('names the one origin that asks, where a stage has several, and no stranger', () => {
    const text = JSON.stringify(routesOf(manyOrigins).get('OPTIONS /token'));
    expect(text).toContain(`"method.response.header.Access-Control-Allow-Origin":"'https://tv.example'"`);
    expect(text).toContain('$origin == \\"http://localhost:3000\\"');
    expect(text).toContain(`"method.response.header.Vary":"'Origin'"`);
  });
});

describe('what the gateway answers by itself', () => {
  const responses = gatewayResponsesOf(template);

  it.each([
    ['UNAUTHORIZED', 401, 'unauthenticated'],
    ['EXPIRED_TOKEN', 401, 'unauthenticated'],
    ['ACCESS_DENIED', 403, 'forbidden'],
    ['MISSING_AUTHENTICATION_TOKEN', 403, 'forbidden'],
    ['INVALID_SIGNATURE', 403, 'forbidden'],
    ['INVALID_API_KEY', 403, 'forbidden'],
    ['RESOURCE_NOT_FOUND', 403, 'forbidden'],
    ['WAF_FILTERED', 403, 'forbidden'],
    ['REQUEST_TOO_LARGE', 413, 'too-large'],
    ['BAD_REQUEST_BODY', 400, 'malformed'],
    ['BAD_REQUEST_PARAMETERS', 400, 'malformed'],
    ['UNSUPPORTED_MEDIA_TYPE', 415, 'malformed'],
    ['DEFAULT_4XX', 400, 'malformed'],
    ['THROTTLED', 429, 'too-often'],
    ['QUOTA_EXCEEDED', 429, 'too-often'],
    ['API_CONFIGURATION_ERROR', 503, 'unavailable'],
    ['AUTHORIZER_CONFIGURATION_ERROR', 503, 'unavailable'],
    ['AUTHORIZER_FAILURE', 503, 'unavailable'],
    ['INTEGRATION_FAILURE', 503, 'unavailable'],
    ['INTEGRATION_TIMEOUT', 503, 'unavailable'],
    ['DEFAULT_5XX', 503, 'unavailable'],
  ])('as %s is a %i problem document, %s', (type, status, slug) => {
    const response = responses.find((each) => each.ResponseType === type)!;
    expect(response.StatusCode).toBe(String(status));
    const body: unknown = JSON.parse(response.ResponseTemplates['application/json'] ?? '');
    expect(body).toEqual({ type: `urn:usher:problem:${slug}`, title: expect.any(String), status });
    expect(response.ResponseParameters).toMatchObject({
      'gatewayresponse.header.Content-Type': "'application/problem+json'",
      'gatewayresponse.header.X-Content-Type-Options': "'nosniff'",
      'gatewayresponse.header.Cache-Control': "'no-store'",
    });
  });

  it('covers every type that CDK knows', () => {
    const known = Object.values(ResponseType).filter(
      (type): type is ResponseType => type instanceof ResponseType,
    );
    const types = known.map(({ responseType }) => responseType).toSorted();
    expect(responses.map((response) => response.ResponseType).toSorted()).toEqual(types);
  });

  it('says when to try again, with every 429 and 503 and no other', () => {
    for (const { StatusCode, ResponseParameters } of responses) {
      const retryAfter = ResponseParameters['gatewayresponse.header.Retry-After'] ?? 'never';
      expect(retryAfter).toMatch(['429', '503'].includes(StatusCode) ? /^'[1-9]\d*'$/ : /^never$/);
    }
  });

  it.each([
    ['one origin', { origins: 'https://tv.example' }, "'https://tv.example'", undefined],
    ['any origin', { origins: '*' }, "'*'", undefined],
    ['several origins', { origins: 'https://tv.example,https://m.example' }, "'*'", undefined],
  ])(
    'can be read by the pages of a stage with %s, never with credentials',
    (_case, context, origin, vary) => {
      const stage = gatewayResponsesOf(synthesize({ stageName: 'dev', ...context }));
      for (const { ResponseParameters } of stage) {
        expect(ResponseParameters['gatewayresponse.header.Access-Control-Allow-Origin']).toBe(origin);
        expect(ResponseParameters['gatewayresponse.header.Access-Control-Expose-Headers']).toBe(
          "'ETag, Retry-After'",
        );
        expect(ResponseParameters['gatewayresponse.header.Vary']).toBe(vary);
        expect(JSON.stringify(ResponseParameters)).not.toContain('Credentials');
      }
    },
  );
});
