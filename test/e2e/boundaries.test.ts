import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { bucketName, bucketOf, firstBucketAt } from '../../shared/domain/boundaries.ts';
import type { Entitlement } from '../../shared/domain/entitlements.ts';
import { admitted, until } from './session-support.ts';
import { buy, checkoutEvent, listen, newViewer, startStack, tokensOf, type Listener } from './support.ts';

let stack: LocalStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();

/** The account's message that the purchase is held, or is no longer. Nobody reads meanwhile. */
function heldBecomes(player: Listener, entitlementId: string, held: boolean) {
  return player.until(({ data }) => {
    const changed = data as Partial<Entitlement>;
    return changed.entitlementId === entitlementId && changed.held === held;
  });
}

test('a purchase that starts later is announced when it does, without anybody reading', async () => {
  const viewer = await newViewer(stack);
  const player = await listen(await tokensOf(stack, viewer));
  const validFrom = inMs(2000);
  await buy(stack, checkoutEvent(viewer.accountId, { purchaseId: 'later', validFrom }));
  const started = await heldBecomes(player, 'later', true);
  expect(Date.parse(started.time)).toBeGreaterThanOrEqual(Date.parse(validFrom));
  player.stop();
});

test('a rental that ends is announced at that moment, and who watches it is told to stop', async () => {
  const viewer = await newViewer(stack);
  const player = await listen(await tokensOf(stack, viewer));
  const rental = checkoutEvent(viewer.accountId, { purchaseId: 'rental', productId: 'nightfall-48h' });
  await buy(stack, rental);
  await heldBecomes(player, 'rental', true);
  const { sessionId } = await admitted(stack, viewer, { deviceId: 'tv', contentId: 'nightfall' });

  const validUntil = inMs(3000);
  await buy(stack, { ...rental, id: 'evt-2', revision: 2, validUntil });
  const ended = await heldBecomes(player, 'rental', false);
  expect(ended.type).toBe('entitlement.updated');
  expect(Date.parse(ended.time)).toBeGreaterThanOrEqual(Date.parse(validUntil));
  const told: unknown = await player.until(({ type }) => (type as string) === 'session.terminated');
  expect(told).toMatchObject({ data: { sessionId, deviceId: 'tv', reason: 'revoked' } });
  player.stop();
});

test('who was missed is found by the run, and is where it belongs from then on', async () => {
  const viewer = await newViewer(stack);
  const player = await listen(await tokensOf(stack, viewer));
  const validUntil = inMs(3_600_000);
  const rental = { purchaseId: 'missed', productId: 'nightfall-48h', validUntil };
  await buy(stack, checkoutEvent(viewer.accountId, rental));
  await heldBecomes(player, 'missed', true);
  player.stop();

  // As if its boundary had been ten minutes ago and nobody had come, and the run had stopped half an hour ago.
  const missedMs = Date.now() - 600_000;
  const stopped = firstBucketAt(Date.now() - 1_800_000);
  const table = tableOf(stack);
  const TableName = stack.outputs['TableName'];
  const account = { TableName, Key: { pk: viewer.accountId, sk: 'account' } };
  await table.send(
    new UpdateCommand({
      ...account,
      UpdateExpression: 'SET boundaryBucket = :bucket, boundaryAtMs = :at',
      ExpressionAttributeValues: {
        ':bucket': bucketName(bucketOf({ accountId: viewer.accountId, atMs: missedMs })),
        ':at': missedMs,
      },
    }),
  );
  const Item = { pk: '#boundaries', sk: 'progress', ahead: stopped, behind: stopped };
  await table.send(new PutCommand({ TableName, Item }));
  await stack.invoke('usher-local-announce-boundaries', {});
  expect(stack.dynamodb.callsBy('usher-local-announce-boundaries')).toBeGreaterThan(30 * 8);
  await until(async () => {
    const { Item: item } = await table.send(new GetCommand({ ...account, ConsistentRead: true }));
    return item?.['boundaryAtMs'] === Date.parse(validUntil);
  });
  const { Item: reached } = await table.send(
    new GetCommand({ TableName, Key: { pk: Item.pk, sk: Item.sk } }),
  );
  expect(reached?.['ahead']).toBeGreaterThan(firstBucketAt(Date.now()));
});

function tableOf({ config, endpoints }: LocalStack): DynamoDBDocumentClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: endpoints.dynamodb, region: config.region, credentials });
  onTestFinished(() => client.destroy());
  return DynamoDBDocumentClient.from(client);
}
