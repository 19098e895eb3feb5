import { DeleteCommand, QueryCommand, type DeleteCommandInput } from '@aws-sdk/lib-dynamodb';
import { toMs } from '../domain/instants.ts';
import type { DegradedEntry } from '../ports.ts';
import { all } from '../wait-for-all.ts';
import { answered } from './errors.ts';
import { holds, type Table } from './table.ts';

/** An item as it is stored. */
export type Item = Readonly<Record<string, unknown>>;

/** Everything that the table holds of an account. Consistent. @throws Unavailable */
export async function readPartition(
  tableName: string,
  accountId: string,
  table: Table,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let from: Record<string, unknown> | undefined;
  do {
    const query: QueryCommand = new QueryCommand({
      TableName: tableName,
      KeyConditionExpression: 'pk = :account',
      ExpressionAttributeValues: { ':account': accountId },
      ConsistentRead: true,
      ExclusiveStartKey: from,
    });
    const page = await answered(table.send(query), 'DynamoDB Query');
    items.push(...(page.Items ?? []));
    from = page.LastEvaluatedKey;
  } while (from);
  return items;
}

/** An account of a thousand purchases is swept in a second so, at some 10 ms a call. */
const AT_ONCE = 16;

/**
 * Deletes each item of before that moment but the account's own, on the condition that it still is the one that was
 * read: a purchase that was reported anew meanwhile is another's report and stays. DynamoDB's batches know no conditions.
 * @throws Unavailable
 */
export async function sweepErased(
  { tableName, table }: { readonly tableName: string; readonly table: Table },
  accountId: string,
  erasedAtMs: number,
): Promise<void> {
  const items = await readPartition(tableName, accountId, table);
  const conditions = items.flatMap((item) => whileOfBefore(item, erasedAtMs) ?? []).values();
  // Each takes the next one from the same iterator as soon as its last one is gone.
  const sweepers = Array.from({ length: AT_ONCE }, async () => {
    for (const condition of conditions) {
      const gone = table.send(new DeleteCommand({ TableName: tableName, ...condition }));
      await holds(gone, 'DynamoDB DeleteItem');
    }
  });
  await all(sweepers);
}

type ConditionalDelete = Omit<DeleteCommandInput, 'TableName'>;

/** How the item is deleted if it is of before that moment; `undefined` when it is not. */
function whileOfBefore({ pk, sk, ...item }: Item, erasedAtMs: number): ConditionalDelete | undefined {
  const Key = { pk, sk };
  const before = (attribute: 'occurredAtMs' | 'requestedAtMs') =>
    Number(item[attribute]) <= erasedAtMs
      ? {
          Key,
          ConditionExpression: `${attribute} <= :moment`,
          ExpressionAttributeValues: { ':moment': erasedAtMs },
        }
      : undefined;
  if (String(sk).startsWith('purchase#')) return before('occurredAtMs');
  if (sk === 'recompute') return before('requestedAtMs');
  if (sk !== 'degraded') return undefined;
  const entries = JSON.parse(String(item['entries'])) as readonly DegradedEntry[];
  if (entries.some(({ session }) => toMs(session.startedAt) > erasedAtMs)) return undefined;
  return {
    Key,
    ConditionExpression: '#revision = :revision',
    ExpressionAttributeNames: { '#revision': 'revision' },
    ExpressionAttributeValues: { ':revision': item['revision'] },
  };
}
