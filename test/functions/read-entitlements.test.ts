import { describe, expect, it } from 'vitest';
import { readEntitlements } from '../../functions/read-entitlements.ts';
import { loadCatalog } from '../../shared/catalog.ts';
import { firstSnapshot } from '../../shared/domain/snapshots.ts';
import { Malformed } from '../../shared/errors.ts';
import type { ViewerRequest } from '../../shared/lambda/http.ts';

const snapshot = {
  ...firstSnapshot('ada', loadCatalog(), Date.parse('2026-11-22T10:00:00.000Z')),
  version: 7,
  catalogVersion: '2026-11-22.1',
};
const ETAG = 'W/"0.7.2026-11-22.1"';

function request(changes: Partial<ViewerRequest> = {}): ViewerRequest {
  return { accountId: 'ada', headers: {}, query: {}, path: {}, body: Buffer.alloc(0), ...changes };
}

function world({ provisional = false } = {}) {
  const reads: [string, number][] = [];
  const answer = readEntitlements({
    read: async (accountId, atLeast) => {
      reads.push([accountId, atLeast]);
      return { snapshot, provisional };
    },
  });
  return { answer, reads };
}

describe('GET /entitlements', () => {
  it('answers the viewer’s own snapshot, with a tag that a cache in between may only revalidate', async () => {
    const { answer, reads } = world();
    expect(await answer(request({ query: { accountId: 'bob' } }))).toEqual({
      status: 200,
      body: snapshot,
      headers: { ETag: ETAG, 'Cache-Control': 'private, no-cache', Vary: 'Authorization' },
    });
    expect(reads).toEqual([['ada', 0]]);
  });

  it.each([
    ['the tag', ETAG],
    ['the tag in its strong form', ETAG.replace('W/', '')],
    ['any tag at all', '*'],
    ['a list that holds the tag', `W/"0.6.2026-11-22.1", ${ETAG} , "x"`],
  ])('answers 304 without a body to who already has %s', async (_, tags) => {
    const reply = await world().answer(request({ headers: { 'if-none-match': tags } }));
    expect(reply).toEqual({
      status: 304,
      headers: { ETag: ETAG, 'Cache-Control': 'private, no-cache', Vary: 'Authorization' },
    });
  });

  it.each([
    ['an older version', 'W/"0.6.2026-11-22.1"'],
    ['another catalogue', 'W/"0.7.2026-11-21.1"'],
    ['another epoch', 'W/"1.7.2026-11-22.1"'],
    ['a part of the tag', 'W/"0.7"'],
    ['the tag without its quotes', '0.7.2026-11-22.1'],
    ['nothing', ''],
  ])('answers in full to who has %s', async (_, tags) => {
    expect(await world().answer(request({ headers: { 'if-none-match': tags } }))).toMatchObject({
      status: 200,
    });
  });

  it('answers in full what is not committed yet, since its version does not tell it from before', async () => {
    const { answer } = world({ provisional: true });
    const reply = await answer(request({ headers: { 'if-none-match': ETAG } }));
    expect(reply).toMatchObject({ status: 200, body: snapshot });
  });

  it('asks for at least the version that the player knows of', async () => {
    const { answer, reads } = world();
    await answer(request({ query: { atLeast: '12' } }));
    await answer(request({ query: { atLeast: '0' } }));
    expect(reads).toEqual([
      ['ada', 12],
      ['ada', 0],
    ]);
  });

  it.each(['-1', '1.5', 'seven', '', ' 7', '0x7', '1e3', 'NaN', 'Infinity', '9'.repeat(16)])(
    'refuses to look for the version "%s"',
    async (atLeast) => {
      const { answer, reads } = world();
      const refusal: unknown = await answer(request({ query: { atLeast } })).catch((e: unknown) => e);
      expect(refusal).toBeInstanceOf(Malformed);
      expect(refusal).toMatchObject({ field: 'atLeast' });
      expect(reads).toEqual([]);
    },
  );
});
