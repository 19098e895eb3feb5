import { Duration, Stack, Validations } from 'aws-cdk-lib';
import {
  AuthorizationType,
  type CfnStage,
  CognitoUserPoolsAuthorizer,
  EndpointType,
  LambdaIntegration,
  RestApi as GatewayRestApi,
  type Method,
} from 'aws-cdk-lib/aws-apigateway';
import type { IUserPool } from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { accessLogs } from './operations/access-log.ts';
import { answerWithProblems } from './gateway-problems.ts';
import { throttleOf, type Route, type Throttle } from './operations/route-throttles.ts';
import { nameIn, type Stage } from './stage.ts';
import type { UsherFunction } from './usher-function.ts';

export interface RestApiProps {
  readonly stage: Stage;
  readonly userPool: IUserPool;
}

type Verb = 'GET' | 'POST' | 'PUT' | 'DELETE';

/**
 * The REST API. Edge-optimised, because CloudFront then tells the viewer's country by a header. A route is for a
 * viewer, who shows a Cognito ID token, or for support, whose people sign their requests, or open, and then says here
 * why that is safe.
 */
export class RestApi extends Construct {
  /** Without a final slash: routes are appended to it. */
  readonly url: string;
  /** Where the routes are, as a content security policy names it: without the stage's path. */
  readonly origin: string;
  /** Of all routes together. */
  readonly metrics: Pick<
    GatewayRestApi,
    'metricCount' | 'metricLatency' | 'metricClientError' | 'metricServerError'
  >;
  readonly #api: GatewayRestApi;
  readonly #stage: Stage;
  /** By route; the asterisk is what routes have that are not named, preflights among them. */
  readonly #throttles = new Map<Route | '* /*', Throttle>();
  readonly #viewers: CognitoUserPoolsAuthorizer;

  constructor(scope: Construct, id: string, { stage, userPool }: RestApiProps) {
    super(scope, id);
    this.#stage = stage;
    this.#api = new GatewayRestApi(this, 'Api', {
      restApiName: nameIn(stage),
      endpointConfiguration: { types: [EndpointType.EDGE] },
      // The role for API Gateway's own logs is one per account and region: no stage may own it.
      cloudWatchRole: false,
      deployOptions: {
        stageName: stage.name,
        ...(stage.operations.accessLogs && accessLogs(this, stage)),
      },
      defaultCorsPreflightOptions: {
        allowOrigins: [...stage.origins],
        allowMethods: ['GET', 'POST', 'DELETE', 'OPTIONS'],
        allowHeaders: ['Authorization', 'Content-Type', 'If-None-Match'],
        allowCredentials: false,
        maxAge: Duration.hours(1),
      },
    });
    // CDK's own output of the URL, with a final slash; ApiUrl is ours.
    this.#api.node.tryRemoveChild('Endpoint');
    this.#viewers = new CognitoUserPoolsAuthorizer(this, 'Viewers', {
      authorizerName: nameIn(stage, 'viewers'),
      cognitoUserPools: [userPool],
    });
    this.metrics = this.#api;
    this.#throttle('* /*', stage.operations.throttle);
    answerWithProblems(this.#api, stage);
    const { restApiId, deploymentStage } = this.#api;
    const { region, urlSuffix } = Stack.of(this);
    this.origin = `https://${restApiId}.execute-api.${region}.${urlSuffix}`;
    this.url = `${this.origin}/${deploymentStage.stageName}`;
    acknowledgeFindings(this.#api);
  }

  /** A route for a signed-in viewer. */
  forViewer(verb: Verb, path: string, handler: UsherFunction): void {
    this.#route(verb, path, handler, {
      authorizer: this.#viewers,
      authorizationType: AuthorizationType.COGNITO,
    });
  }

  /** A route for the service's own people: whoever IAM lets invoke it, with a signed request. */
  forSupport(verb: Verb, path: string, handler: UsherFunction): void {
    const method = this.#route(verb, path, handler, { authorizationType: AuthorizationType.IAM });
    Validations.of(method).acknowledge({
      id: 'AwsSolutions::AwsSolutions-COG4',
      reason: 'Support’s people are no viewers: IAM knows them, and lets each do what a policy says.',
    });
  }

  /** A route without a viewer; `reason` says why it needs none. */
  forAnyone(verb: Verb, path: string, handler: UsherFunction, reason: string): void {
    const method = this.#route(verb, path, handler, { authorizationType: AuthorizationType.NONE });
    Validations.of(method).acknowledge(
      { id: 'AwsSolutions::AwsSolutions-APIG4', reason },
      { id: 'AwsSolutions::AwsSolutions-COG4', reason },
    );
  }

  #route(
    verb: Verb,
    path: string,
    handler: UsherFunction,
    access: {
      readonly authorizer?: CognitoUserPoolsAuthorizer;
      readonly authorizationType: AuthorizationType;
    },
  ): Method {
    const route = `${verb} ${path}` as Route;
    this.#throttle(route, throttleOf(this.#stage, route));
    const integration = new LambdaIntegration(handler, { allowTestInvoke: false });
    return this.#api.root.resourceForPath(path).addMethod(verb, integration, access);
  }

  /** CDK takes these only when the API is made, before its routes are. */
  #throttle(route: Route | '* /*', throttle: Throttle): void {
    this.#throttles.set(route, throttle);
    const stage = this.#api.deploymentStage.node.defaultChild as CfnStage;
    stage.methodSettings = [...this.#throttles].map(([one, { requestsPerSecond, burst }]) => {
      const [httpMethod, path] = one.split(' ') as [string, string];
      return {
        httpMethod,
        // A path's slashes are written as in a JSON pointer.
        resourcePath: path === '/*' ? path : `/${path.replaceAll('/', '~1')}`,
        throttlingRateLimit: requestsPerSecond,
        throttlingBurstLimit: burst,
      };
    });
  }
}

function acknowledgeFindings(api: GatewayRestApi): void {
  Validations.of(api).acknowledge({
    id: 'AwsSolutions::AwsSolutions-APIG2',
    reason: 'The functions validate: only they can name the faulty field in a problem document.',
  });
  const role = 'Needs the one role per account that no stage may own';
  Validations.of(api.deploymentStage).acknowledge(
    {
      id: 'AwsSolutions::AwsSolutions-APIG1',
      reason: `${role}: accessLogs=true where the account has it. Each function logs its own requests.`,
    },
    {
      id: 'AwsSolutions::AwsSolutions-APIG6',
      reason: `${role}, and would write down headers and bodies: tokens, that is.`,
    },
    {
      id: 'AwsSolutions::AwsSolutions-APIG3',
      reason:
        'A web ACL costs by the month and stage; the stage is throttled, and prod may be given one by its account.',
    },
  );
}
