import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { answered, CLIENT_OPTIONS } from './errors.ts';

/** The stage's table: an item's key is `pk`, the account, and `sk`, what of it. */
export type Table = Pick<DynamoDBDocumentClient, 'send'>;

export function connect(): Table {
  return DynamoDBDocumentClient.from(new DynamoDBClient(CLIENT_OPTIONS));
}

/** False when the condition of the write did not hold. */
export async function holds(write: Promise<unknown>, operation: string): Promise<boolean> {
  try {
    await answered(write, operation);
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
