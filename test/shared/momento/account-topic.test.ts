import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../../../shared/catalog.ts';
import { announcementsOf } from '../../../shared/domain/announcements.ts';
import { firstSnapshot, nextSnapshot } from '../../../shared/domain/snapshots.ts';
import { Unavailable } from '../../../shared/errors.ts';
import { momentoAccountTopic } from '../../../shared/momento/account-topic.ts';
import { accessTo, CACHE, listenTo, momentoForTest, topicClient } from '../../support/momento.ts';
import { purchase } from '../../support/world.ts';

const catalog = loadCatalog();
const nowMs = Date.parse('2026-11-22T10:00:00.000Z');
const purchases = ['p_1', 'p_2', 'p_3'].map((purchaseId) => purchase({ purchaseId }));
const { snapshot, changes } = nextSnapshot(firstSnapshot('ada', catalog, nowMs), purchases, catalog, nowMs);
const announcements = announcementsOf(changes, snapshot, () => false);

async function world() {
  const momento = await momentoForTest();
  const secrets = accessTo(momento);
  const player = topicClient(momento, momento.mintKey('data'));
  return { momento, secrets, player, topic: momentoAccountTopic(secrets, CACHE) };
}

describe('an announcement', () => {
  it('is heard on the account’s topic as it was made, in the order in which it was published', async () => {
    const { player, topic } = await world();
    const { next } = await listenTo(player, 'ada');
    for (const announcement of announcements) await topic.publish('ada', announcement);
    for (const announcement of announcements) {
      expect(JSON.parse((await next()).valueString())).toEqual(announcement);
    }
  });

  it('is not heard on another account’s topic', async () => {
    const { player, topic } = await world();
    const { next } = await listenTo(player, 'bob');
    const [first, second] = announcements;
    await topic.publish('ada', first!);
    await topic.publish('bob', second!);
    expect(JSON.parse((await next()).valueString())).toEqual(second);
  });

  it('is published with the key in force once the old one is revoked, and once only', async () => {
    const { momento, player, secrets, topic } = await world();
    const { next } = await listenTo(player, 'ada');
    const { key: old } = await secrets.get();
    await topic.publish('ada', announcements[0]!);
    secrets.rotate({ key: momento.mintKey('data'), endpoint: momento.url });
    momento.revokeKey(old);
    await topic.publish('ada', announcements[1]!);
    await topic.publish('ada', announcements[2]!);
    const versions = [await next(), await next(), await next()].map(
      (item) => (JSON.parse(item.valueString()) as { version: number }).version,
    );
    expect(versions).toEqual(announcements.map(({ version }) => version));
    expect(secrets.refreshes()).toBe(1);
  });

  it.each(['RESOURCE_EXHAUSTED', 'UNAVAILABLE', 'NOT_FOUND'] as const)(
    'that Momento answers with %s is to be published later',
    async (code) => {
      const { momento, topic } = await world();
      momento.fail({ rpc: 'Publish', code, times: 9 });
      await expect(topic.publish('ada', announcements[0]!)).rejects.toBeInstanceOf(Unavailable);
    },
  );
});
