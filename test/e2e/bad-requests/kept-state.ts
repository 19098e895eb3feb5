import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CognitoIdentityProviderClient, ListUsersCommand } from '@aws-sdk/client-cognito-identity-provider';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { LocalStack } from '../../../local/stack.ts';
import { awsClient } from '../running-stage.ts';
import { depthOf } from '../support.ts';

/**
 * All that a stage keeps, by name. Left out is what is meant to change by itself or by a request that is harmless:
 * when an account last asked for a recompute, how far the boundaries are looked through, and how often which of an
 * account's devices has beaten.
 */
export async function keptState(stack: LocalStack): Promise<ReadonlyMap<string, string>> {
  const parts = await Promise.all([tableOf(stack), parametersOf(stack), usersOf(stack)]);
  const waiting = await depthOf(stack, stack.outputs['CheckoutQueueUrl']);
  return new Map([...parts.flat(), ...cacheOf(stack), ['queue', String(waiting)]]);
}

type Named = readonly (readonly [name: string, value: string])[];

async function tableOf(stack: LocalStack): Promise<Named> {
  const client = new DynamoDBClient({
    region: stack.config.region,
    endpoint: stack.endpoints.dynamodb,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const { Items = [], LastEvaluatedKey } = await DynamoDBDocumentClient.from(client).send(
    new ScanCommand({ TableName: stack.outputs['TableName'], ConsistentRead: true }),
  );
  client.destroy();
  if (LastEvaluatedKey) throw new Error('the table has more items than one page of a scan');
  return Items.filter(({ sk }) => sk !== 'recompute' && sk !== 'progress').map((item) => [
    `table ${item['pk']} ${item['sk']}`,
    JSON.stringify(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  ]);
}

function cacheOf({ momento, outputs }: LocalStack): Named {
  return [...momento.items(outputs['MomentoCacheName']!)]
    .filter(([, { kind }]) => kind !== 'dictionary')
    .map(([key, value]) => [`cache ${key}`, value.kind === 'scalar' ? value.bytes.toString() : value.kind]);
}

async function parametersOf(stack: LocalStack): Promise<Named> {
  const ssm = new SSMClient(awsClient(stack, 'ssm'));
  const { Parameters = [], NextToken } = await ssm.send(
    new GetParametersByPathCommand({ Path: '/usher', Recursive: true, WithDecryption: true }),
  );
  ssm.destroy();
  if (NextToken) throw new Error('the stage has more parameters than one page tells');
  return Parameters.map(({ Name, Value, Version }) => [`parameter ${Name}`, `${Version} ${Value}`]);
}

async function usersOf(stack: LocalStack): Promise<Named> {
  const cognito = new CognitoIdentityProviderClient(awsClient(stack, 'cognito'));
  const { Users = [] } = await cognito.send(new ListUsersCommand({ UserPoolId: stack.config.userPoolId }));
  cognito.destroy();
  return Users.map((user) => [`user ${user.Username}`, JSON.stringify(user)]);
}
