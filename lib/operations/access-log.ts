import { RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat, LogGroupLogDestination, type StageOptions } from 'aws-cdk-lib/aws-apigateway';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { nameIn, type Stage } from '../stage.ts';

/**
 * What a line tells of a request. The path is the route's (`/sessions/{sessionId}`), for a session's id opens its end;
 * headers, query strings and bodies hold tokens, and are left out.
 */
const FIELDS = {
  requestId: '$context.requestId',
  time: '$context.requestTime',
  ip: '$context.identity.sourceIp',
  route: '$context.httpMethod $context.resourcePath',
  status: '$context.status',
  /** What API Gateway answered by itself, such as `UNAUTHORIZED` or `THROTTLED`. */
  refusal: '$context.error.responseType',
  latencyMs: '$context.responseLatency',
  functionMs: '$context.integrationLatency',
  bytes: '$context.responseLength',
};

/** A line for each request in a log group of the stage. The account needs a role for it: docs/runbook.md#access-logs. */
export function accessLogs(
  scope: Construct,
  stage: Stage,
): Required<Pick<StageOptions, 'accessLogDestination' | 'accessLogFormat'>> {
  const logGroup = new LogGroup(scope, 'AccessLogs', {
    logGroupName: `/aws/apigateway/${nameIn(stage)}`,
    retention: stage.logRetentionDays as RetentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  return {
    accessLogDestination: new LogGroupLogDestination(logGroup),
    accessLogFormat: AccessLogFormat.custom(JSON.stringify({ ...FIELDS, ...whoseIn(stage) })),
  };
}

/** The account; or else the viewer, since no variable of API Gateway's can name a claim with a colon in it. */
function whoseIn({ accountClaim }: Pick<Stage, 'accountClaim'>): Readonly<Record<string, string>> {
  return { [accountClaim === 'sub' ? 'accountId' : 'viewerId']: '$context.authorizer.claims.sub' };
}
