import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { DegradedEntry, DegradedSessions } from '../ports.ts';
import { answered } from './errors.ts';
import { connect, holds, type Table } from './table.ts';

/** One item per account, beside its purchases: `entries` (JSON) and the revision that the next write has to name. */
const DEGRADED = 'degraded';

/** Sessions admitted during an outage of Momento, in the stage's table. */
export function tableDegradedSessions(tableName: string, table: Table = connect()): DegradedSessions {
  return {
    async read(accountId) {
      const get = new GetCommand({
        TableName: tableName,
        Key: { pk: accountId, sk: DEGRADED },
        ConsistentRead: true,
      });
      const { Item: item } = await answered(table.send(get), 'DynamoDB GetItem');
      const { entries, revision } = (item ?? { entries: '[]', revision: 0 }) as Record<string, unknown>;
      return { entries: JSON.parse(String(entries)) as DegradedEntry[], revision: Number(revision) };
    },

    async write(accountId, entries, revision) {
      const put = new PutCommand({
        TableName: tableName,
        Item: { pk: accountId, sk: DEGRADED, entries: JSON.stringify(entries), revision: revision + 1 },
        ConditionExpression: revision === 0 ? 'attribute_not_exists(pk)' : '#revision = :revision',
        ...(revision > 0 && {
          ExpressionAttributeNames: { '#revision': 'revision' },
          ExpressionAttributeValues: { ':revision': revision },
        }),
      });
      return holds(table.send(put), 'DynamoDB PutItem');
    },
  };
}
