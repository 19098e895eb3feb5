import {
  each,
  fields,
  honoured,
  only,
  resource,
  type Support,
  withoutEffect,
} from '../cloudformation/support.ts';

const documentation = withoutEffect('documentation');
const noCloudWatch = withoutEffect('there is no CloudWatch or X-Ray');

export const apiGatewaySupport: Support = {
  'AWS::ApiGateway::Account': { kind: 'without-effect', why: 'the role for API Gateway’s own logs' },
  'AWS::ApiGateway::Authorizer': resource({
    AuthorizerResultTtlInSeconds: withoutEffect('each request’s token is verified anew'),
    IdentitySource: only('method.request.header.Authorization'),
    Name: documentation,
    ProviderARNs: honoured,
    RestApiId: honoured,
    Type: only('COGNITO_USER_POOLS'),
  }),
  'AWS::ApiGateway::Deployment': resource({
    Description: documentation,
    RestApiId: withoutEffect('what the template says is what runs'),
  }),
  'AWS::ApiGateway::GatewayResponse': resource({
    ResponseParameters: honoured,
    ResponseTemplates: fields({ 'application/json': honoured }),
    ResponseType: honoured,
    RestApiId: honoured,
    StatusCode: honoured,
  }),
  'AWS::ApiGateway::Method': resource({
    ApiKeyRequired: only(false),
    AuthorizationType: only('NONE', 'COGNITO_USER_POOLS', 'AWS_IAM'),
    AuthorizerId: honoured,
    HttpMethod: honoured,
    Integration: fields({
      IntegrationHttpMethod: only('POST', 'OPTIONS'),
      IntegrationResponses: honoured,
      RequestTemplates: only({ 'application/json': '{ statusCode: 200 }' }),
      TimeoutInMillis: honoured,
      Type: only('AWS_PROXY', 'MOCK'),
      Uri: honoured,
    }),
    MethodResponses: withoutEffect(
      'declares what the integration may answer, checked by AWS when it deploys',
    ),
    OperationName: documentation,
    RequestParameters: withoutEffect(
      'without a request validator, which is refused, nothing is checked by it',
    ),
    ResourceId: honoured,
    RestApiId: honoured,
  }),
  'AWS::ApiGateway::Resource': resource({ ParentId: honoured, PathPart: honoured, RestApiId: honoured }),
  'AWS::ApiGateway::RestApi': resource({
    BinaryMediaTypes: honoured,
    Description: documentation,
    DisableExecuteApiEndpoint: only(false),
    EndpointConfiguration: fields({ Types: only(['EDGE'], ['REGIONAL']) }),
    Name: documentation,
    Tags: documentation,
  }),
  'AWS::ApiGateway::Stage': resource({
    AccessLogSetting: noCloudWatch,
    DeploymentId: withoutEffect('what the template says is what runs'),
    Description: documentation,
    MethodSettings: each(
      fields({
        DataTraceEnabled: noCloudWatch,
        HttpMethod: honoured,
        LoggingLevel: noCloudWatch,
        MetricsEnabled: noCloudWatch,
        ResourcePath: honoured,
        ThrottlingBurstLimit: honoured,
        ThrottlingRateLimit: honoured,
      }),
    ),
    RestApiId: honoured,
    StageName: honoured,
    Tags: documentation,
    TracingEnabled: noCloudWatch,
    Variables: honoured,
  }),
};
