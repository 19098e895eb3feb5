import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
  type Code,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { grantParameters, parameterPath, type ParameterName } from './parameters.ts';
import { nameIn, type LogLevel, type Stage } from './stage.ts';

/** Where the bundle of `functions/{name}.ts` lies: a directory with an `index.mjs`. */
export type CodeOf = (name: string) => Code;

export interface UsherFunctionProps {
  readonly stage: Stage;
  /** The file in functions/, without `.ts`. */
  readonly name: string;
  readonly code: CodeOf;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** Environment variable → the parameter whose path it holds, never the value; reading them is granted here. */
  readonly parameters?: Readonly<Record<string, ParameterName>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly description: string;
  /** How many run at once, taken from what the AWS account may run; by default as many as are left. */
  readonly reservedConcurrency?: number;
  /** For what runs so often that a line per run would cost more than the run: no trace, and no log but warnings. */
  readonly quiet?: boolean;
  /** Its log says who did what: it is kept for long, with `prod` even when the stack is gone, and never silenced. */
  readonly audited?: boolean;
}

/**
 * A Lambda function of the stage: Node 24 on arm64, JSON logs in a log group that the stack owns, and a role that
 * can write to that log group alone until something is granted to it.
 */
export class UsherFunction extends LambdaFunction {
  /** The file in functions/, without `.ts`. */
  readonly file: string;

  constructor(scope: Construct, id: string, props: UsherFunctionProps) {
    const { stage, name, parameters = {}, quiet = false, audited = false, reservedConcurrency } = props;
    const level = levelOf(stage, { quiet, audited });
    const { auditRetentionDays } = stage.operations;
    // Two things make their own what Lambda would otherwise make by itself: the log group, which would stay behind
    // for ever, and the role, whose managed policy may write to every log group of the account.
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      logGroupName: `/aws/lambda/${nameIn(stage, name)}`,
      retention: (audited ? auditRetentionDays : stage.logRetentionDays) as RetentionDays,
      // A deployment that is taken back removes a log that it has just made, or the next one would find it in its way.
      removalPolicy:
        audited && stage.keepsData ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY,
    });
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    super(scope, id, {
      functionName: nameIn(stage, name),
      description: props.description,
      code: props.code(name),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memoryMb,
      timeout: Duration.seconds(props.timeoutSeconds),
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel[level],
      tracing: !quiet && stage.operations.tracing ? Tracing.ACTIVE : Tracing.DISABLED,
      ...(quiet && { systemLogLevelV2: SystemLogLevel.WARN }),
      ...(reservedConcurrency !== undefined && { reservedConcurrentExecutions: reservedConcurrency }),
      environment: {
        STAGE_NAME: stage.name,
        POWERTOOLS_SERVICE_NAME: 'usher',
        POWERTOOLS_LOG_LEVEL: level,
        ...paths(stage, parameters),
        ...props.environment,
      },
    });
    this.file = name;
    logGroup.grantWrite(role);
    if (stage.operations.tracing && !quiet) acknowledgeTracing(role);
    if (Object.keys(parameters).length > 0) grantParameters(role, stage, Object.values(parameters));
  }

  /** Lets this function call `callee` and wait for its answer; not its versions or aliases, of which there are none. */
  mayInvoke(callee: LambdaFunction): void {
    this.addToRolePolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [callee.functionArn] }),
    );
  }

  /** Lets this function read items of the table. */
  mayRead(table: TableV2): void {
    this.may(table, 'dynamodb:GetItem', 'dynamodb:Query');
  }

  /** Lets this function do this with the table's items: exactly that, where CDK's own grant also opens all indexes. */
  may({ tableArn }: TableV2, ...actions: readonly string[]): void {
    this.addToRolePolicy(new PolicyStatement({ actions: [...actions], resources: [tableArn] }));
  }

  /** Lets this function read an index of a table, and not the table. */
  mayQuery(indexArn: string): void {
    this.addToRolePolicy(new PolicyStatement({ actions: ['dynamodb:Query'], resources: [indexArn] }));
  }

  /**
   * Lets Lambda poll the queue for this function, and the function put a message off: exactly that, where CDK's own
   * grant also lets it look up the queue's address.
   */
  mayConsume({ queueArn }: Queue): void {
    const polling = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];
    const actions = [...polling, 'sqs:ChangeMessageVisibility'];
    this.addToRolePolicy(new PolicyStatement({ actions, resources: [queueArn] }));
  }

  /** Lets this function send to the queues: exactly that, where CDK's own grant also lets it ask about them. */
  maySend(...queues: readonly Queue[]): void {
    const resources = queues.map(({ queueArn }) => queueArn);
    this.addToRolePolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources }));
  }
}

/** What is written down of who did what is of level INFO. */
function levelOf(
  { logLevel }: Pick<Stage, 'logLevel'>,
  { quiet, audited }: { readonly quiet: boolean; readonly audited: boolean },
): LogLevel {
  if (quiet) return 'WARN';
  return audited && logLevel === 'WARN' ? 'INFO' : logLevel;
}

/** CDK grants what tracing needs. */
function acknowledgeTracing(role: Role): void {
  Validations.of(role).acknowledge({
    id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]',
    reason: 'X-Ray knows no resources: what sends traces may send them for anything.',
  });
}

function paths(stage: Stage, parameters: Readonly<Record<string, ParameterName>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters).map(([variable, name]) => [variable, parameterPath(stage, name)]),
  );
}
