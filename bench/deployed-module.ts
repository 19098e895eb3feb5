import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadStack } from '../local/cloudformation/assembly.ts';
import { deployedFunctions } from './assembly.ts';
import type { RunningStack } from './run-stack.ts';

export interface DeployedModule {
  /** The URL of its bundle. */
  readonly module: string;
  /** All that it finds in its environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A function of a synthesized app, to be run in a process of its own beside the stack that was made of that app. */
export function deployedModule(
  { endpoints, outputs, config }: Pick<RunningStack, 'endpoints' | 'outputs' | 'config'>,
  assembly: string,
  name: string,
): DeployedModule {
  const { assets, template } = loadStack(path.resolve(assembly));
  const deployed = deployedFunctions(assembly).find((one) => one.name === name);
  if (deployed === undefined) throw new Error(`${name} is not in the template`);
  const directory = assets.get(assetKeyOf(template, name)) ?? '';
  return {
    module: pathToFileURL(path.join(directory, 'index.mjs')).href,
    environment: {
      AWS_REGION: config.region,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_SSM: endpoints.ssm,
      AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
      AWS_ENDPOINT_URL_LAMBDA: endpoints.lambda,
      AWS_ENDPOINT_URL_SQS: endpoints.sqs,
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_LOG_FORMAT: 'JSON',
      TZ: 'UTC',
      ...deployed.environment,
      CHECKOUT_QUEUE_URL: outputs['CheckoutQueueUrl'] ?? '',
      DEAD_LETTER_QUEUE_URL: outputs['DeadLetterQueueUrl'] ?? '',
      FILL_CACHE_FUNCTION_NAME: 'usher-local-fill-cache',
      HEARTBEAT_URL: outputs['HeartbeatUrl'] ?? '',
      TABLE_NAME: outputs['TableName'] ?? '',
    },
  };
}

function assetKeyOf(template: ReturnType<typeof loadStack>['template'], name: string): string {
  const found = Object.values(template.Resources).find(
    ({ Type, Properties }) =>
      Type === 'AWS::Lambda::Function' && String(Properties?.['FunctionName']).endsWith(`-${name}`),
  );
  const { S3Key = '' } = (found?.Properties?.['Code'] ?? {}) as { readonly S3Key?: string };
  return S3Key;
}
