import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { startDynamoDb } from '../../local/dynamodb/server.ts';

export interface TestTable {
  readonly name: string;
  readonly url: string;
  readonly client: DynamoDBDocumentClient;
  stop(): Promise<void>;
}

/** An empty table with the keys and the index of the stage's, served on loopback. */
export async function startTable(): Promise<TestTable> {
  const server = await startDynamoDb();
  const dynamoDb = new DynamoDBClient({
    endpoint: server.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const name = 'accounts';
  await dynamoDb.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
        { AttributeName: 'boundaryBucket', AttributeType: 'S' },
        { AttributeName: 'boundaryAtMs', AttributeType: 'N' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'boundaries',
          KeySchema: [
            { AttributeName: 'boundaryBucket', KeyType: 'HASH' },
            { AttributeName: 'boundaryAtMs', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
  let status: string | undefined;
  do status = (await dynamoDb.send(new DescribeTableCommand({ TableName: name }))).Table?.TableStatus;
  while (status !== 'ACTIVE');
  return {
    name,
    url: server.url,
    client: DynamoDBDocumentClient.from(dynamoDb),
    stop: async () => {
      dynamoDb.destroy();
      await server.stop();
    },
  };
}
