import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Identity, Resolver } from '../cloudformation/resolver.ts';
import type { LambdaFunction } from '../lambda/function.ts';
import { rateMs, startSchedule } from './schedule.ts';
import { startSqsMapping } from './sqs-mapping.ts';

interface Dependencies {
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly functions: ReadonlyMap<string, LambdaFunction>;
  readonly log: (source: string, line: string) => void;
}

interface EventSourceSurroundings {
  readonly resolver: Resolver;
  readonly region: string;
  readonly identityOf: (logicalId: string) => Identity | undefined;
}

/** Lambda's default for a queue. */
const defaultBatchSize = 10;

/** Lambda polls with more and more; so many batches at once are plenty for one machine. */
const defaultConcurrency = 5;

/** Starts everything in the template that invokes functions by itself. Returns what stops it. */
export function startEventSources(
  dependencies: Dependencies,
  surroundings: EventSourceSurroundings,
): () => Promise<void> {
  const stops = [...startMappings(dependencies, surroundings), ...startRules(dependencies, surroundings)];
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}

function startMappings(
  { sqs, functions, log }: Dependencies,
  { resolver, region, identityOf }: EventSourceSurroundings,
): (() => Promise<void>)[] {
  return resolver.resources('AWS::Lambda::EventSourceMapping').map(([logicalId]) => {
    const properties = resolver.properties(logicalId) as {
      readonly BatchSize?: number;
      readonly EventSourceArn: string;
      readonly FunctionName: string;
      readonly FunctionResponseTypes?: readonly string[];
      readonly MaximumBatchingWindowInSeconds?: number;
      readonly ScalingConfig?: { readonly MaximumConcurrency?: number };
    };
    const [queue] = resolver
      .resources('AWS::SQS::Queue')
      .map(([id]) => identityOf(id))
      .filter((identity) => identity?.attributes?.['Arn'] === properties.EventSourceArn);
    if (queue === undefined) {
      throw new Error(
        `${logicalId}: EventSourceArn ${properties.EventSourceArn} is no queue of the template`,
      );
    }
    return startSqsMapping(
      {
        sqs,
        target: find(functions, logicalId, properties.FunctionName),
        log: (line) => log('event-source', line),
      },
      {
        queueUrl: queue.ref,
        queueArn: properties.EventSourceArn,
        region,
        batchSize: properties.BatchSize ?? defaultBatchSize,
        batchingWindowSeconds: properties.MaximumBatchingWindowInSeconds ?? 0,
        maximumConcurrency: properties.ScalingConfig?.MaximumConcurrency ?? defaultConcurrency,
        reportsFailures: properties.FunctionResponseTypes?.includes('ReportBatchItemFailures') ?? false,
      },
    );
  });
}

function startRules(
  { functions }: Dependencies,
  { resolver, region, identityOf }: EventSourceSurroundings,
): (() => Promise<void>)[] {
  return resolver.resources('AWS::Events::Rule').map(([logicalId]) => {
    const { ScheduleExpression, Targets } = resolver.properties(logicalId) as {
      readonly ScheduleExpression?: string;
      readonly Targets?: readonly { readonly Arn: string; readonly Input?: string }[];
    };
    const everyMs = rateMs(ScheduleExpression ?? '');
    if (everyMs === undefined) {
      throw new Error(
        `${logicalId} (AWS::Events::Rule): ScheduleExpression ${ScheduleExpression} is not supported`,
      );
    }
    const stop = startSchedule({
      ruleArn: identityOf(logicalId)?.attributes?.['Arn'] ?? logicalId,
      region,
      everyMs,
      targets: (Targets ?? []).map(({ Arn, Input }) => ({
        target: find(functions, logicalId, Arn),
        input: Input,
      })),
    });
    return () => Promise.resolve(stop());
  });
}

function find(
  functions: ReadonlyMap<string, LambdaFunction>,
  logicalId: string,
  nameOrArn: string,
): LambdaFunction {
  const found = [...functions.values()].find(({ name, arn }) => name === nameOrArn || arn === nameOrArn);
  if (found === undefined) throw new Error(`${logicalId}: ${nameOrArn} is no function of the template`);
  return found;
}
