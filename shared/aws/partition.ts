import { DeleteCommand, PutCommand, QueryCommand, type DeleteCommandInput } from '@aws-sdk/lib-dynamodb';
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
  const sweeps = items.flatMap((item) => sweepOf({ tableName, table }, item, erasedAtMs) ?? []).values();
  // Each takes the next one from the same iterator as soon as its last one is gone.
  const sweepers = Array.from({ length: AT_ONCE }, async () => {
    for (const sweep of sweeps) await sweep();
  });
  await all(sweepers);
}

/** Takes out of the table what the item holds of before that moment; `undefined` when that is nothing. */
function sweepOf(
  { tableName, table }: { readonly tableName: string; readonly table: Table },
  item: Item,
  erasedAtMs: number,
): (() => Promise<boolean>) | undefined {
  const { pk, sk } = item;
  const deletes = (condition: Condition) => () => {
    const gone = table.send(new DeleteCommand({ TableName: tableName, Key: { pk, sk }, ...condition }));
    return holds(gone, 'DynamoDB DeleteItem');
  };
  const deletesWhileBefore = (attribute: 'occurredAtMs' | 'requestedAtMs') =>
    Number(item[attribute]) <= erasedAtMs
      ? deletes({
          ConditionExpression: `${attribute} <= :moment`,
          ExpressionAttributeValues: { ':moment': erasedAtMs },
        })
      : undefined;
  if (String(sk).startsWith('purchase#')) return deletesWhileBefore('occurredAtMs');
  if (sk === 'recompute') return deletesWhileBefore('requestedAtMs');
  if (sk !== 'degraded') return undefined;

  const entries = JSON.parse(String(item['entries'])) as readonly DegradedEntry[];
  const since = entries.filter(({ session }) => toMs(session.startedAt) > erasedAtMs);
  const unchanged: Condition = {
    ConditionExpression: '#revision = :revision',
    ExpressionAttributeNames: { '#revision': 'revision' },
    ExpressionAttributeValues: { ':revision': item['revision'] },
  };
  if (since.length === 0) return deletes(unchanged);
  if (since.length === entries.length) return undefined;
  const left = { ...item, entries: JSON.stringify(since), revision: Number(item['revision']) + 1 };
  return () => {
    const put = table.send(new PutCommand({ TableName: tableName, Item: left, ...unchanged }));
    return holds(put, 'DynamoDB PutItem');
  };
}

type Condition = Pick<
  DeleteCommandInput,
  'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;
