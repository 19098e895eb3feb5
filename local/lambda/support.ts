import { fields, honoured, only, resource, type Support, withoutEffect } from '../cloudformation/support.ts';

const threads = 'a function runs in a thread of the runner, on the machine’s own processor and disk';

export const lambdaSupport: Support = {
  'AWS::Lambda::Function': resource({
    Architectures: withoutEffect(threads),
    Code: fields({ S3Bucket: honoured, S3Key: honoured }),
    Description: withoutEffect('documentation'),
    Environment: fields({ Variables: honoured }),
    FunctionName: honoured,
    Handler: honoured,
    LoggingConfig: fields({
      ApplicationLogLevel: honoured,
      LogFormat: honoured,
      LogGroup: withoutEffect('log lines go to the terminal, as the function wrote them'),
      SystemLogLevel: withoutEffect('there are no lines of the platform’s own'),
    }),
    MemorySize: honoured,
    PackageType: only('Zip'),
    ReservedConcurrentExecutions: honoured,
    Role: honoured,
    Runtime: only('nodejs24.x'),
    Tags: withoutEffect('documentation'),
    Timeout: honoured,
    TracingConfig: withoutEffect('there is no X-Ray to send traces to'),
  }),
  'AWS::Lambda::EventInvokeConfig': resource({
    FunctionName: honoured,
    MaximumEventAgeInSeconds: withoutEffect('no event waits: a function always takes it at once'),
    MaximumRetryAttempts: only(2),
    Qualifier: only('$LATEST'),
  }),
  'AWS::Lambda::Permission': {
    kind: 'without-effect',
    why: 'whoever invokes a function here is named by the template itself; function URLs look for their grants',
  },
};
