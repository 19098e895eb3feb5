import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceNotFoundException,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { isDeepStrictEqual } from 'node:util';
import type { Resolver } from '../cloudformation/resolver.ts';
import {
  each,
  fields,
  honoured,
  only,
  resource,
  type Support,
  withoutEffect,
} from '../cloudformation/support.ts';

const noBackups = 'there are no backups; `npm run reset` is the way back';

export const dynamoDbSupport: Support = {
  // What the CDK's TableV2 synthesizes, with the stack's own region as the only replica.
  'AWS::DynamoDB::GlobalTable': resource({
    AttributeDefinitions: honoured,
    BillingMode: only('PAY_PER_REQUEST'),
    GlobalSecondaryIndexes: each(fields({ IndexName: honoured, KeySchema: honoured, Projection: honoured })),
    KeySchema: honoured,
    LocalSecondaryIndexes: honoured,
    Replicas: each(
      fields({
        ContributorInsightsSpecification: withoutEffect('there is no CloudWatch'),
        GlobalSecondaryIndexes: each(fields({ IndexName: honoured })),
        DeletionProtectionEnabled: withoutEffect('nothing but `npm run reset` deletes a table'),
        PointInTimeRecoverySpecification: withoutEffect(noBackups),
        Region: honoured,
        TableClass: withoutEffect('a matter of price'),
        Tags: withoutEffect('documentation'),
      }),
    ),
    SSESpecification: withoutEffect('nothing is encrypted at rest here'),
    TableName: honoured,
    TimeToLiveSpecification: withoutEffect(
      'AWS may take days to remove an expired item; here it takes for ever',
    ),
    WriteOnDemandThroughputSettings: withoutEffect('a ceiling for the bill'),
  }),
};

interface Properties {
  readonly AttributeDefinitions: NonNullable<CreateTableCommandInput['AttributeDefinitions']>;
  readonly KeySchema: NonNullable<CreateTableCommandInput['KeySchema']>;
  readonly GlobalSecondaryIndexes?: CreateTableCommandInput['GlobalSecondaryIndexes'];
  readonly LocalSecondaryIndexes?: CreateTableCommandInput['LocalSecondaryIndexes'];
  readonly Replicas: readonly unknown[];
}

/**
 * Creates the template's tables. A persisted one stays as it is.
 *
 * @throws if a table has replicas elsewhere, or a persisted one has another key than the template says.
 */
export async function createTables(
  { dynamoDb }: { readonly dynamoDb: Pick<DynamoDBClient, 'send'> },
  resolver: Resolver,
  nameOf: (logicalId: string) => string,
): Promise<void> {
  for (const [logicalId] of resolver.resources('AWS::DynamoDB::GlobalTable')) {
    const properties = resolver.properties(logicalId) as unknown as Properties;
    if (properties.Replicas.length !== 1) {
      throw new Error(
        `${logicalId} (AWS::DynamoDB::GlobalTable): Replicas: only the stack's own region is supported`,
      );
    }
    const name = nameOf(logicalId);
    const existing = await describe(dynamoDb, name);
    if (existing === undefined) await create(dynamoDb, name, properties);
    else refuseAnotherShape(name, existing, properties);
  }
}

async function create(
  dynamoDb: Pick<DynamoDBClient, 'send'>,
  TableName: string,
  { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, LocalSecondaryIndexes }: Properties,
): Promise<void> {
  await dynamoDb.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions,
      KeySchema,
      BillingMode: 'PAY_PER_REQUEST',
      ...(GlobalSecondaryIndexes && { GlobalSecondaryIndexes }),
      ...(LocalSecondaryIndexes && { LocalSecondaryIndexes }),
    }),
  );
  let status: string | undefined;
  do status = (await describe(dynamoDb, TableName))?.TableStatus;
  while (status === 'CREATING');
}

async function describe(
  dynamoDb: Pick<DynamoDBClient, 'send'>,
  TableName: string,
): Promise<TableDescription | undefined> {
  try {
    return (await dynamoDb.send(new DescribeTableCommand({ TableName }))).Table;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

function refuseAnotherShape(name: string, existing: TableDescription, wanted: Properties): void {
  const indexes = (shape: TableDescription | Properties) =>
    new Set(shape.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName));
  const same =
    isDeepStrictEqual(existing.KeySchema, wanted.KeySchema) &&
    isDeepStrictEqual(indexes(existing), indexes(wanted));
  if (!same)
    throw new Error(`The table ${name} was kept with other keys or indexes: npm run reset clears it`);
}
