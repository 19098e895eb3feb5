import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Identity, Resolver } from '../cloudformation/resolver.ts';
import type { LambdaFunction } from '../lambda/function.ts';
import { rateMs, startSchedule } from './schedule.ts';
import { type Dependencies as Polling, type SqsMapping, startSqsMapping } from './sqs-mapping.ts';

interface Dependencies {
  /** The queues as a function's role lets it see them. */
  readonly sqsFor: (functionName: string) => Pick<SQSClient, 'send'>;
  readonly functions: ReadonlyMap<string, LambdaFunction>;
  readonly log: (source: string, line: string) => void;
}

interface EventSourceSurroundings {
  readonly resolver: Resolver;
  readonly region: string;
  readonly identityOf: (logicalId: string) => Identity | undefined;
}

interface Mapping {
  readonly logicalId: string;
  readonly dependencies: Polling;
  readonly mapping: SqsMapping;
  /** The function's own. */
  readonly timeoutSeconds: number;
}

/** Lambda's default for a queue. */
const defaultBatchSize = 10;

/** Lambda polls with more and more; so many batches at once are plenty for one machine. */
const defaultConcurrency = 5;

/**
 * Starts everything in the template that invokes functions by itself. Returns what stops it.
 * @throws where Lambda would not take a mapping: its function may not ask about the queue, or has more time than the
 * queue keeps a message back for it.
 */
export async function startEventSources(
  dependencies: Dependencies,
  surroundings: EventSourceSurroundings,
): Promise<() => Promise<void>> {
  const mappings = readMappings(dependencies, surroundings);
  for (const mapping of mappings) await refuseShortVisibility(mapping);
  const stops = [
    ...mappings.map(({ dependencies: own, mapping }) => startSqsMapping(own, mapping)),
    ...startRules(dependencies, surroundings),
  ];
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html */
async function refuseShortVisibility({ logicalId, dependencies, mapping, timeoutSeconds }: Mapping) {
  const { Attributes } = await dependencies.sqs
    .send(
      new GetQueueAttributesCommand({ QueueUrl: mapping.queueUrl, AttributeNames: ['VisibilityTimeout'] }),
    )
    .catch((cause: unknown) => {
      throw new Error(`${logicalId}: ${(cause as Error).message}`, { cause });
    });
  const visibilitySeconds = Number(Attributes?.['VisibilityTimeout']);
  if (visibilitySeconds < timeoutSeconds) {
    throw new Error(
      `${logicalId}: Queue visibility timeout: ${visibilitySeconds} seconds is less than Function timeout: ${timeoutSeconds} seconds`,
    );
  }
}

function readMappings(
  { sqsFor, functions, log }: Dependencies,
  { resolver, region, identityOf }: EventSourceSurroundings,
): Mapping[] {
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
    const target = find(functions, logicalId, properties.FunctionName);
    return {
      logicalId,
      timeoutSeconds: target.timeoutSeconds,
      dependencies: { sqs: sqsFor(target.name), target, log: (line) => log('event-source', line) },
      mapping: {
        queueUrl: queue.ref,
        queueArn: properties.EventSourceArn,
        region,
        batchSize: properties.BatchSize ?? defaultBatchSize,
        batchingWindowSeconds: properties.MaximumBatchingWindowInSeconds ?? 0,
        maximumConcurrency: properties.ScalingConfig?.MaximumConcurrency ?? defaultConcurrency,
        reportsFailures: properties.FunctionResponseTypes?.includes('ReportBatchItemFailures') ?? false,
      },
    };
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
