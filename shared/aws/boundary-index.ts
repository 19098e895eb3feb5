import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { bucketName, type Boundary, type Progress } from '../domain/boundaries.ts';
import type { BoundaryIndex, BoundaryProgress } from '../ports.ts';
import { answered } from './errors.ts';
import { connect, holds, type Table } from './table.ts';

/** Holds an account's item for as long as it has the attributes `boundaryBucket` and `boundaryAtMs`. */
const INDEX = 'boundaries';

/** No account's: ids begin with a letter or a digit. */
const PROGRESS = { pk: '#boundaries', sk: 'progress' };

/** The accounts' next boundaries, in an index of the stage's table that follows the accounts within a moment. */
export function tableBoundaryIndex(tableName: string, table: Table = connect()): BoundaryIndex {
  return {
    async *read(bucket) {
      let from: Record<string, unknown> | undefined;
      do {
        const query: QueryCommand = new QueryCommand({
          TableName: tableName,
          IndexName: INDEX,
          KeyConditionExpression: 'boundaryBucket = :bucket',
          ExpressionAttributeValues: { ':bucket': bucketName(bucket) },
          ExclusiveStartKey: from,
        });
        const { Items: items = [], LastEvaluatedKey } = await answered(table.send(query), 'DynamoDB Query');
        if (items.length > 0) yield items.map(toBoundary);
        from = LastEvaluatedKey;
      } while (from);
    },
  };
}

function toBoundary({ pk, boundaryAtMs }: Record<string, unknown>): Boundary {
  return { accountId: String(pk), atMs: Number(boundaryAtMs) };
}

/** How far the index is looked through, in one item of the stage's table. */
export function tableBoundaryProgress(tableName: string, table: Table = connect()): BoundaryProgress {
  return {
    async read() {
      const get = new GetCommand({ TableName: tableName, Key: PROGRESS, ConsistentRead: true });
      const { Item: item } = await answered(table.send(get), 'DynamoDB GetItem');
      return item && { ahead: Number(item['ahead']), behind: Number(item['behind']) };
    },

    async advance(from: Progress | undefined, to: Progress) {
      const put = new PutCommand({
        TableName: tableName,
        Item: { ...PROGRESS, ...to },
        ...(from === undefined
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: 'ahead = :ahead AND behind = :behind',
              ExpressionAttributeValues: { ':ahead': from.ahead, ':behind': from.behind },
            }),
      });
      return holds(table.send(put), 'DynamoDB PutItem');
    },
  };
}
