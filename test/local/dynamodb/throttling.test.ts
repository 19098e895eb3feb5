import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startDynamoDb, type DynamoDbStandIn } from '../../../local/dynamodb/server.ts';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { Unavailable } from '../../../shared/errors.ts';
import { answered } from '../../../shared/aws/errors.ts';

const TableName = 'accounts';
const Key = { pk: 'ada' };

let stand: DynamoDbStandIn;
let client: DynamoDBClient;

beforeAll(async () => {
  stand = await startDynamoDb();
  client = new DynamoDBClient({
    region: 'eu-west-1',
    endpoint: stand.url,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  );
});
afterEach(() => stand.unthrottle());
afterAll(async () => {
  client.destroy();
  await stand.stop();
});

const read = () => client.send(new GetCommand({ TableName, Key }));
const write = () => client.send(new PutCommand({ TableName, Item: Key }));
const nameOf = (call: Promise<unknown>) =>
  call.then(
    () => 'answered',
    (error: unknown) => (error as Error).name,
  );

test('a throttled table refuses by both of DynamoDB’s names, which functions wait for, and then answers', async () => {
  await write();
  stand.throttle();
  const names = [await nameOf(read()), await nameOf(write())];
  expect(names).toEqual(['ThrottlingException', 'ProvisionedThroughputExceededException']);
  for (const call of [read, write]) await expect(answered(call(), 'DynamoDB')).rejects.toThrow(Unavailable);
  stand.unthrottle();
  expect([await nameOf(read()), await nameOf(write())]).toEqual(['answered', 'answered']);
});

test('reads and writes can be throttled by themselves, and a part of the calls can pass', async () => {
  stand.throttle({ only: 'writes' });
  expect([await nameOf(read()), await nameOf(write())]).toEqual([
    'answered',
    expect.stringMatching(/Exception$/),
  ]);
  stand.throttle({ onePassesOf: 3 });
  const before = stand.throttled;
  const answers = [];
  for (let n = 0; n < 6; n += 1) answers.push((await nameOf(read())) === 'answered');
  expect(answers).toEqual([false, false, true, false, false, true]);
  expect(stand.throttled - before).toBe(4);
});
