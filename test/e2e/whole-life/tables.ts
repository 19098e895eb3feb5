import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { LocalStack } from '../../../local/stack.ts';

/** The stage's table, as whoever operates it reaches it. */
export async function withTable<T>(
  { config: { region }, endpoints }: Pick<LocalStack, 'config' | 'endpoints'>,
  use: (table: DynamoDBDocumentClient) => Promise<T>,
): Promise<T> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ region, endpoint: endpoints.dynamodb, credentials });
  try {
    return await use(DynamoDBDocumentClient.from(client));
  } finally {
    client.destroy();
  }
}

/** Every item of the stage's table, as JSON. */
export function itemsOf(stage: LocalStack): Promise<readonly string[]> {
  return withTable(stage, async (table) => {
    const items: string[] = [];
    let from: Record<string, unknown> | undefined;
    do {
      const scan: ScanCommand = new ScanCommand({
        TableName: stage.outputs['TableName'],
        ExclusiveStartKey: from,
      });
      const page = await table.send(scan);
      items.push(...(page.Items ?? []).map((item) => JSON.stringify(item)));
      from = page.LastEvaluatedKey;
    } while (from);
    return items;
  });
}
