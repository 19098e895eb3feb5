import {
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import type { Announcement } from '../domain/announcements.ts';
import type { Snapshot } from '../domain/entitlements.ts';
import { fromMs, toMs } from '../domain/instants.ts';
import type { Basis, Purchase } from '../domain/purchases.ts';
import type { AccountRecord, AccountStore, Commit, RequestLimiter } from '../ports.ts';
import { answered } from './errors.ts';
import { connect, holds, type Table } from './table.ts';

/*
 * One partition per account:
 *   sk "account"         version, catalogVersion, snapshot (JSON), basis (JSON), outbox { "8": message (JSON), … },
 *                        sessionsDue (a version)
 *   sk "purchase#<id>"   the purchase, and the report it rests on
 *   sk "recompute"       when the account last asked for a recompute
 *   sk "degraded"        sessions admitted in an outage: degraded-sessions.ts
 */
const ACCOUNT = 'account';
const PURCHASE = 'purchase#';
const RECOMPUTE = 'recompute';

/** Accounts and their purchases in the stage's DynamoDB table. */
export function accountTable(tableName: string, table: Table = connect()): AccountStore {
  const key = (accountId: string, sk: string) => ({ TableName: tableName, Key: { pk: accountId, sk } });

  return {
    async read(accountId) {
      const get = new GetCommand({ ...key(accountId, ACCOUNT), ConsistentRead: true });
      const { Item: item } = await answered(table.send(get), 'DynamoDB GetItem');
      return item && toRecord(item as AccountItem);
    },

    async readAll(accountId) {
      const items: Record<string, unknown>[] = [];
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
      const item = items.find(({ sk }) => sk === ACCOUNT);
      return {
        record: item && toRecord(item as unknown as AccountItem),
        purchases: items.filter(isPurchase).map(toPurchase),
      };
    },

    async putPurchase(purchase) {
      const put = new PutCommand({
        TableName: tableName,
        Item: toItem(purchase),
        // AND binds tighter than OR. Parentheses would say the same, and cost the local table's parser 4 ms.
        ConditionExpression:
          'attribute_not_exists(pk) OR occurredAtMs < :at' +
          ' OR occurredAtMs = :at AND #revision < :revision' +
          ' OR occurredAtMs = :at AND #revision = :revision AND eventId < :event',
        ExpressionAttributeNames: { '#revision': 'revision' },
        ExpressionAttributeValues: {
          ':at': toMs(purchase.reported.occurredAt),
          ':revision': purchase.reported.revision,
          ':event': purchase.reported.eventId,
        },
      });
      return (await holds(table.send(put), 'DynamoDB PutItem')) ? 'stored' : 'superseded';
    },

    async commit(commit) {
      const update = new UpdateCommand({ ...key(commit.next.accountId, ACCOUNT), ...commitUpdate(commit) });
      return holds(table.send(update), 'DynamoDB UpdateItem');
    },

    async removePublished(accountId, versions) {
      const names = versions.map((version, index) => [`#v${index}`, String(version)] as const);
      const update = new UpdateCommand({
        ...key(accountId, ACCOUNT),
        UpdateExpression: `REMOVE ${names.map(([name]) => `outbox.${name}`).join(', ')}`,
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeNames: Object.fromEntries(names),
      });
      await holds(table.send(update), 'DynamoDB UpdateItem');
    },

    async removeSessionsDue(accountId, version) {
      const update = new UpdateCommand({
        ...key(accountId, ACCOUNT),
        UpdateExpression: 'REMOVE sessionsDue',
        ConditionExpression: 'sessionsDue = :version',
        ExpressionAttributeValues: { ':version': version },
      });
      await holds(table.send(update), 'DynamoDB UpdateItem');
    },
  };
}

/** One request per account and interval, remembered in the stage's table. */
export function tableRequestLimiter(
  tableName: string,
  intervalSeconds: number,
  table: Table = connect(),
): RequestLimiter {
  return {
    async secondsToWait(accountId, atMs) {
      const put = new PutCommand({
        TableName: tableName,
        Item: { pk: accountId, sk: RECOMPUTE, requestedAtMs: atMs },
        ConditionExpression: 'attribute_not_exists(pk) OR requestedAtMs <= :before OR requestedAtMs > :at',
        ExpressionAttributeValues: { ':before': atMs - intervalSeconds * 1000, ':at': atMs },
      });
      return (await holds(table.send(put), 'DynamoDB PutItem')) ? 0 : intervalSeconds;
    },
  };
}

/** The condition names what was read, catalogue included: a newer one must never be overwritten by an older. */
function commitUpdate({
  read,
  next,
  basis,
  outbox,
  takesAway = false,
}: Commit): Omit<UpdateCommandInput, 'TableName' | 'Key'> {
  const messages = ('replace' in outbox ? outbox.replace : outbox.add).map(
    (announcement) => [String(announcement.version), JSON.stringify(announcement)] as const,
  );
  // A map cannot be added to before it is there.
  const whole = read === undefined || 'replace' in outbox;
  const added = whole ? [] : messages;
  const assignments = [
    '#version = :version, #catalog = :catalog, #snapshot = :snapshot, #basis = :basis',
    ...(whole ? ['#outbox = :outbox'] : added.map((_, index) => `#outbox.#v${index} = :m${index}`)),
    ...(takesAway ? ['sessionsDue = :version'] : []),
  ];
  return {
    UpdateExpression: `SET ${assignments.join(', ')}`,
    ConditionExpression: read
      ? '#version = :readVersion AND #catalog = :readCatalog'
      : 'attribute_not_exists(pk)',
    ExpressionAttributeNames: {
      '#version': 'version',
      '#catalog': 'catalogVersion',
      '#snapshot': 'snapshot', // a reserved word
      '#basis': 'basis',
      ...((whole || added.length > 0) && { '#outbox': 'outbox' }),
      ...Object.fromEntries(added.map(([version], index) => [`#v${index}`, version])),
    },
    ExpressionAttributeValues: {
      ':version': next.version,
      ':catalog': next.catalogVersion,
      ':snapshot': JSON.stringify(next),
      ':basis': JSON.stringify(basis),
      ...(read && { ':readVersion': read.version, ':readCatalog': read.catalogVersion }),
      ...(whole && { ':outbox': Object.fromEntries(messages) }),
      ...Object.fromEntries(added.map(([, message], index) => [`:m${index}`, message])),
    },
  };
}

interface AccountItem {
  readonly snapshot: string;
  readonly basis: string;
  readonly outbox: Readonly<Record<string, string>>;
  readonly sessionsDue?: number;
}

function toRecord({ snapshot, basis, outbox, sessionsDue }: AccountItem): AccountRecord {
  return {
    snapshot: JSON.parse(snapshot) as Snapshot,
    basis: JSON.parse(basis) as Basis,
    outbox: Object.values(outbox).map((message) => JSON.parse(message) as Announcement),
    sessionsDue,
  };
}

interface PurchaseItem extends Omit<Purchase, 'reported'> {
  readonly pk: string;
  readonly sk: string;
  readonly eventId: string;
  readonly occurredAtMs: number;
  readonly revision: number;
}

function toItem({ reported, ...purchase }: Purchase): PurchaseItem {
  return {
    pk: purchase.accountId,
    sk: PURCHASE + purchase.purchaseId,
    ...purchase,
    eventId: reported.eventId,
    occurredAtMs: toMs(reported.occurredAt),
    revision: reported.revision,
  };
}

function isPurchase(item: Record<string, unknown>): item is Record<string, unknown> & PurchaseItem {
  return String(item['sk']).startsWith(PURCHASE);
}

function toPurchase({
  pk: _pk,
  sk: _sk,
  eventId,
  occurredAtMs,
  revision,
  ...purchase
}: PurchaseItem): Purchase {
  return { ...purchase, reported: { eventId, occurredAt: fromMs(occurredAtMs), revision } };
}
