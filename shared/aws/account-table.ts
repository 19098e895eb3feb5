import { GetCommand, PutCommand, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import type { Announcement } from '../domain/announcements.ts';
import { boundaryMs, bucketName, bucketOf } from '../domain/boundaries.ts';
import type { Snapshot } from '../domain/entitlements.ts';
import { fromMs, toMs } from '../domain/instants.ts';
import { reportKey, type Basis, type Purchase } from '../domain/purchases.ts';
import type { RecentChange } from '../domain/recent-changes.ts';
import type { AccountRecord, AccountStore, Commit, RequestLimiter } from '../ports.ts';
import { answered } from './errors.ts';
import { readPartition, sweepErased } from './partition.ts';
import { connect, holds, type Table } from './table.ts';

/*
 * One partition per account:
 *   sk "account"         revision, version, catalogVersion, snapshot (JSON), basis (JSON),
 *                        outbox { "8": message (JSON), … }, inbox { report's key: purchase (JSON), … },
 *                        sessionsDue (a revision), recentChanges (JSON: [version, ms, cause], …), and erasedAtMs once
 *                        it was erased,
 *                        boundaryBucket, boundaryAtMs: keys of the index "boundaries" (boundary-index.ts), and there
 *                        only while time will change the answer
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
      const items = await readPartition(tableName, accountId, table);
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

    async remove(accountId, { published = [], kept = [] }) {
      const versions = published.map((version, index) => [`#v${index}`, String(version)] as const);
      const reports = kept.map((purchase, index) => [`#r${index}`, reportKey(purchase)] as const);
      const paths = [
        ...versions.map(([name]) => `outbox.${name}`),
        ...reports.map(([name]) => `inbox.${name}`),
      ];
      const update = new UpdateCommand({
        ...key(accountId, ACCOUNT),
        UpdateExpression: `REMOVE ${paths.join(', ')}`,
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeNames: Object.fromEntries([...versions, ...reports]),
      });
      await holds(table.send(update), 'DynamoDB UpdateItem');
    },

    async removeSessionsDue(accountId, revision) {
      const update = new UpdateCommand({
        ...key(accountId, ACCOUNT),
        UpdateExpression: 'REMOVE sessionsDue',
        ConditionExpression: 'sessionsDue = :revision',
        ExpressionAttributeValues: { ':revision': revision },
      });
      await holds(table.send(update), 'DynamoDB UpdateItem');
    },

    sweep: (accountId, erasedAtMs) => sweepErased({ tableName, table }, accountId, erasedAtMs),
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

/**
 * The condition names what was read: the revision, because a report that changes nothing must not be passed over by
 * who has not seen it, and the catalogue, because a newer one must never be overwritten by an older.
 */
function commitUpdate({
  read,
  next,
  basis,
  outbox,
  inbox,
  takesAway = false,
  recent,
  erasedAtMs,
}: Commit): Omit<UpdateCommandInput, 'TableName' | 'Key'> {
  const messages = ('replace' in outbox ? outbox.replace : outbox.add).map(
    (announcement) => [String(announcement.version), JSON.stringify(announcement)] as const,
  );
  const reports = inbox.map((purchase) => [reportKey(purchase), JSON.stringify(purchase)] as const);
  const atMs = boundaryMs(next);
  // A map cannot be added to before it is there.
  const revised = read !== undefined && read.revision > 0;
  const maps = [
    mapUpdate('outbox', messages, read === undefined || 'replace' in outbox),
    mapUpdate('inbox', reports, !revised || erasedAtMs !== undefined),
  ];
  const assignments = [
    '#version = :version, #catalog = :catalog, #snapshot = :snapshot, #basis = :basis, #revision = :revision',
    ...maps.flatMap((map) => map.assignments),
    ...(takesAway ? ['sessionsDue = :revision'] : []),
    ...(recent ? ['recentChanges = :recent'] : []),
    ...(erasedAtMs === undefined ? [] : ['erasedAtMs = :erasedAtMs']),
    ...(atMs === undefined ? [] : ['boundaryBucket = :bucket, boundaryAtMs = :boundary']),
  ];
  const removals = atMs === undefined && read ? ' REMOVE boundaryBucket, boundaryAtMs' : '';
  const sameRevision = revised ? '#revision = :readRevision' : 'attribute_not_exists(#revision)';
  const unchanged = `#version = :readVersion AND #catalog = :readCatalog AND ${sameRevision}`;
  return {
    UpdateExpression: `SET ${assignments.join(', ')}${removals}`,
    ConditionExpression: read ? unchanged : 'attribute_not_exists(pk)',
    ExpressionAttributeNames: {
      '#version': 'version',
      '#catalog': 'catalogVersion',
      '#snapshot': 'snapshot', // a reserved word
      '#basis': 'basis',
      '#revision': 'revision',
      ...Object.assign({}, ...maps.map(({ names }) => names)),
    },
    ExpressionAttributeValues: {
      ':version': next.version,
      ':catalog': next.catalogVersion,
      ':snapshot': JSON.stringify(next),
      ':basis': JSON.stringify(basis),
      ':revision': (read?.revision ?? 0) + 1,
      ...(read && { ':readVersion': read.snapshot.version, ':readCatalog': read.snapshot.catalogVersion }),
      ...(revised && { ':readRevision': read.revision }),
      ...(atMs !== undefined && {
        ':bucket': bucketName(bucketOf({ accountId: next.accountId, atMs })),
        ':boundary': atMs,
      }),
      ...(recent && {
        ':recent': JSON.stringify(recent.map(({ version, atMs: at, cause }) => [version, at, cause])),
      }),
      ...(erasedAtMs !== undefined && { ':erasedAtMs': erasedAtMs }),
      ...Object.assign({}, ...maps.map(({ values }) => values)),
    },
  };
}

/** Writes a map as a whole, or adds these entries to it. */
function mapUpdate(map: string, entries: readonly (readonly [string, string])[], whole: boolean) {
  const [name, value] = [`#${map}`, `:${map}`];
  if (whole) {
    return {
      assignments: [`${name} = ${value}`],
      names: { [name]: map },
      values: { [value]: Object.fromEntries(entries) },
    };
  }
  return {
    assignments: entries.map((_, index) => `${name}.${name}${index} = ${value}${index}`),
    names: Object.fromEntries([
      ...(entries.length > 0 ? [[name, map]] : []),
      ...entries.map(([key], index) => [`${name}${index}`, key]),
    ]) as Record<string, string>,
    values: Object.fromEntries(entries.map(([, text], index) => [`${value}${index}`, text])),
  };
}

interface AccountItem {
  readonly snapshot: string;
  readonly basis: string;
  readonly outbox: Readonly<Record<string, string>>;
  /** Absent, like the revision, as long as nothing was committed since there are inboxes. */
  readonly inbox?: Readonly<Record<string, string>>;
  readonly revision?: number;
  readonly sessionsDue?: number;
  readonly boundaryAtMs?: number;
  readonly recentChanges?: string;
  readonly erasedAtMs?: number;
}

function toRecord({
  snapshot,
  basis,
  outbox,
  inbox = {},
  revision = 0,
  sessionsDue,
  boundaryAtMs,
  recentChanges,
  erasedAtMs,
}: AccountItem): AccountRecord {
  return {
    snapshot: JSON.parse(snapshot) as Snapshot,
    basis: JSON.parse(basis) as Basis,
    outbox: Object.values(outbox).map((message) => JSON.parse(message) as Announcement),
    inbox: Object.values(inbox).map((purchase) => JSON.parse(purchase) as Purchase),
    revision,
    sessionsDue,
    boundaryAtMs,
    recent: recentChanges === undefined ? undefined : recentIn(recentChanges),
    erasedAtMs,
  };
}

function recentIn(text: string): readonly RecentChange[] {
  const entries = JSON.parse(text) as readonly (readonly [number, number, string])[];
  return entries.map(([version, atMs, cause]) => ({ version, atMs, cause }));
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
