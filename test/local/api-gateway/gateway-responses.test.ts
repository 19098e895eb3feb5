import { expect, test } from 'vitest';
import { readGatewayResponse, refusal } from '../../../local/api-gateway/gateway-responses.ts';

const request = {
  requestId: 'r-1',
  header: (name: string) => (name === 'Origin' ? 'https://tv.example' : undefined),
};

test('answers in API Gateway’s own words where the template says nothing', () => {
  expect(refusal(new Map(), 'MISSING_AUTHENTICATION_TOKEN', request)).toEqual({
    status: 403,
    headers: {
      'content-type': 'application/json',
      'x-amzn-errortype': 'MissingAuthenticationTokenException',
    },
    body: '{"message":"Missing Authentication Token"}',
  });
});

test('fills in a response of the template', () => {
  const response = readGatewayResponse({
    StatusCode: '418',
    ResponseParameters: {
      'gatewayresponse.header.Content-Type': "'application/problem+json'",
      'gatewayresponse.header.Access-Control-Allow-Origin': 'method.request.header.Origin',
      'gatewayresponse.header.X-Absent': 'method.request.header.X-Absent',
    },
    ResponseTemplates: {
      'application/json':
        '{"said":$context.error.messageString,"plain":"$context.error.message","type":"$context.error.responseType","id":"$context.requestId"}',
    },
  });
  expect(refusal(new Map([['THROTTLED', response]]), 'THROTTLED', request)).toEqual({
    status: 418,
    headers: {
      'content-type': 'application/problem+json',
      'x-amzn-errortype': 'TooManyRequestsException',
      'access-control-allow-origin': 'https://tv.example',
    },
    body: '{"said":"Too Many Requests","plain":"Too Many Requests","type":"THROTTLED","id":"r-1"}',
  });
});

test('falls back on the default response of the class', () => {
  const responses = new Map([
    ['DEFAULT_4XX', readGatewayResponse({ ResponseTemplates: { 'application/json': 'four' } })],
    ['DEFAULT_5XX', readGatewayResponse({ StatusCode: '503' })],
  ]);
  expect(refusal(responses, 'UNAUTHORIZED', request)).toMatchObject({ status: 401, body: 'four' });
  expect(refusal(responses, 'INTEGRATION_TIMEOUT', request)).toMatchObject({
    status: 503,
    body: '{"message":"Endpoint request timed out"}',
  });
});

test.each(['$context.identity.sourceIp', '$input.body', '#if(true)', '$stageVariables.a'])(
  'refuses the template variable %s',
  (variable) => {
    expect(() => readGatewayResponse({ ResponseTemplates: { 'application/json': variable } })).toThrow(
      'is not supported',
    );
  },
);

test.each([
  ['gatewayresponse.header.A', 'method.request.querystring.a'],
  ['gatewayresponse.header.A', 'unquoted'],
  ['gatewayresponse.path.a', "'a'"],
])('refuses the mapping of %s to %s', (target, source) => {
  expect(() => readGatewayResponse({ ResponseParameters: { [target]: source } })).toThrow('is not supported');
});
