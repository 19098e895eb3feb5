import { App, Stack } from 'aws-cdk-lib';
import { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import { answerPreflight, readPreflight } from '../../../local/api-gateway/preflight.ts';

type Integration = Parameters<typeof readPreflight>[0];

/** What the CDK in use really synthesizes, so that a change of its template shows here. */
function synthesized(allowOrigins: string[]): Integration {
  const stack = new Stack(new App(), 'Test');
  new RestApi(stack, 'Api', { cloudWatchRole: false, defaultCorsPreflightOptions: { allowOrigins } });
  const [method] = Object.values(Template.fromStack(stack).findResources('AWS::ApiGateway::Method'));
  return (method as { Properties: { Integration: Integration } }).Properties.Integration;
}

function allowedOrigin(integration: Integration, origin?: string): unknown {
  return answerPreflight(readPreflight(integration), origin).headers['access-control-allow-origin'];
}

test('answers one origin with that origin, whoever asks', () => {
  const preflight = readPreflight(synthesized(['https://tv.example']));
  expect(answerPreflight(preflight, 'https://evil.example')).toMatchObject({
    status: 204,
    headers: { 'access-control-allow-origin': 'https://tv.example', vary: 'Origin' },
    body: '',
  });
});

test('answers any origin where any is allowed', () => {
  expect(allowedOrigin(synthesized(['*']), 'https://tv.example')).toBe('*');
});

test('reflects each of several origins and no other', () => {
  const several = synthesized(['https://a.example', 'https://b.example', 'http://localhost:3000']);
  expect(allowedOrigin(several, 'https://b.example')).toBe('https://b.example');
  expect(allowedOrigin(several, 'http://localhost:3000')).toBe('http://localhost:3000');
  expect(allowedOrigin(several, 'https://evil.example')).toBe('https://a.example');
  expect(allowedOrigin(several)).toBe('https://a.example');
});

test.each(['#set($a = 1)', '{"message": "hello"}', '$input.body'])('refuses the template %s', (template) => {
  const response = { StatusCode: '200', ResponseTemplates: { 'application/json': template } };
  expect(() => readPreflight({ IntegrationResponses: [response] })).toThrow('is not supported');
});

test('refuses a mapping that is no fixed text', () => {
  const response = {
    StatusCode: '200',
    ResponseParameters: { 'method.response.header.A': 'integration.response.header.B' },
  };
  expect(() => readPreflight({ IntegrationResponses: [response] })).toThrow('integration.response.header.B');
});

test('refuses several responses to choose from', () => {
  const response = { StatusCode: '200' };
  expect(() => readPreflight({ IntegrationResponses: [response, response] })).toThrow('exactly one');
});
