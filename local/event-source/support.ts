import {
  each,
  fields,
  honoured,
  only,
  resource,
  type Support,
  withoutEffect,
} from '../cloudformation/support.ts';

export const eventSourceSupport: Support = {
  'AWS::Lambda::EventSourceMapping': resource({
    BatchSize: honoured,
    Enabled: only(true),
    EventSourceArn: honoured,
    FunctionName: honoured,
    FunctionResponseTypes: only([], ['ReportBatchItemFailures']),
    MaximumBatchingWindowInSeconds: honoured,
    MetricsConfig: withoutEffect('there is no CloudWatch'),
    ScalingConfig: fields({ MaximumConcurrency: honoured }),
    Tags: withoutEffect('documentation'),
  }),
  'AWS::Events::Rule': resource({
    Description: withoutEffect('documentation'),
    Name: honoured,
    ScheduleExpression: honoured,
    State: only('ENABLED'),
    Targets: each(
      fields({
        Arn: honoured,
        Id: honoured,
        Input: honoured,
        RetryPolicy: withoutEffect('a local target is always there to be invoked'),
      }),
    ),
  }),
};
