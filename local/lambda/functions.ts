import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Stack } from '../cloudformation/assembly.ts';
import type { Identity, Resolver } from '../cloudformation/resolver.ts';
import { createFunction, type LambdaFunction } from './function.ts';

interface Properties {
  readonly Code: { readonly S3Key: string };
  readonly Environment?: { readonly Variables?: Readonly<Record<string, string>> };
  readonly Handler: string;
  readonly LoggingConfig?: { readonly LogFormat?: string; readonly ApplicationLogLevel?: string };
  readonly MemorySize?: number;
  readonly ReservedConcurrentExecutions?: number;
  readonly Timeout?: number;
}

export interface FunctionSurroundings {
  readonly stack: Stack;
  readonly resolver: Resolver;
  readonly region: string;
  readonly identityOf: (logicalId: string) => Identity | undefined;
  /** `AWS_ENDPOINT_URL_*`, so that the SDK in a bundle finds the stand-ins. */
  readonly endpointVariables: Readonly<Record<string, string>>;
  readonly log: (functionName: string, line: string) => void;
  readonly clock: Clock | undefined;
}

/** Every function of the template, by logical id. None has an environment before its first invocation. */
export function createFunctions(surroundings: FunctionSurroundings): ReadonlyMap<string, LambdaFunction> {
  return new Map(
    surroundings.resolver
      .resources('AWS::Lambda::Function')
      .map(([logicalId]) => [logicalId, createFromTemplate(surroundings, logicalId)]),
  );
}

function createFromTemplate(surroundings: FunctionSurroundings, logicalId: string): LambdaFunction {
  const { stack, resolver, region, identityOf, endpointVariables, log, clock } = surroundings;
  const properties = resolver.properties(logicalId) as unknown as Properties;
  const { ref: functionName, attributes } = identityOf(logicalId) ?? { ref: logicalId };
  const directory = stack.assets.get(properties.Code.S3Key);
  if (directory === undefined)
    throw new Error(`${logicalId}: the assembly holds no asset ${properties.Code.S3Key}`);
  const own = properties.Environment?.Variables ?? {};
  refuseLargeVariables(logicalId, own);
  const memoryMb = properties.MemorySize ?? 128;
  return createFunction({
    directory,
    handler: properties.Handler,
    functionName,
    functionArn: attributes?.['Arn'] ?? '',
    memoryMb,
    timeoutSeconds: properties.Timeout ?? 3,
    reservedConcurrency: properties.ReservedConcurrentExecutions,
    variables: {
      ...runtimeVariables({ functionName, region, memoryMb, directory, handler: properties.Handler }),
      ...loggingVariables(properties.LoggingConfig),
      ...endpointVariables,
      ...own,
    },
    log: (line) => log(functionName, line),
    ...(clock && { clock: { memory: clock.memory } }),
  });
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
const variablesLimitBytes = 4096;

function refuseLargeVariables(logicalId: string, variables: Readonly<Record<string, string>>): void {
  const bytes = Buffer.byteLength(JSON.stringify(variables));
  if (bytes > variablesLimitBytes) {
    throw new Error(
      `${logicalId}: its environment variables take ${bytes} bytes; Lambda allows ${variablesLimitBytes}`,
    );
  }
}

/** By these a logger knows what the function's logging configuration asks of it. */
function loggingVariables({ LogFormat, ApplicationLogLevel }: Properties['LoggingConfig'] = {}): Readonly<
  Record<string, string>
> {
  return {
    AWS_LAMBDA_LOG_FORMAT: LogFormat === 'JSON' ? 'JSON' : 'Text',
    ...(LogFormat === 'JSON' && { AWS_LAMBDA_LOG_LEVEL: ApplicationLogLevel ?? 'INFO' }),
  };
}

function runtimeVariables(own: {
  readonly functionName: string;
  readonly region: string;
  readonly memoryMb: number;
  readonly directory: string;
  readonly handler: string;
}): Readonly<Record<string, string>> {
  return {
    AWS_ACCESS_KEY_ID: own.functionName, // by which the gate before the stand-ins knows whose role applies
    // Nothing verifies these; but each function has its own, so that it can be seen where they get to.
    AWS_SECRET_ACCESS_KEY: randomBytes(30).toString('base64'),
    AWS_SESSION_TOKEN: randomBytes(60).toString('base64'),
    AWS_REGION: own.region,
    AWS_DEFAULT_REGION: own.region,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: own.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(own.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${own.functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    LAMBDA_TASK_ROOT: own.directory,
    _HANDLER: own.handler,
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
  };
}
