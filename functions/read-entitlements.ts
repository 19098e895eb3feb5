import type { Reading } from '../shared/entitlements/read-snapshot.ts';
import { Malformed } from '../shared/errors.ts';
import { type HttpReply } from '../shared/lambda/http-messages.ts';
import { viewer, type ViewerRequest } from '../shared/lambda/http.ts';
import { snapshotReader } from '../shared/lambda/snapshot-reader.ts';

interface World {
  readonly read: (accountId: string, atLeast: number) => Promise<Reading>;
}

/** GET /entitlements: the account's snapshot; `?atLeast=N` when the caller knows of version N. */
export function readEntitlements({ read }: World) {
  return async ({ accountId, headers, query }: ViewerRequest): Promise<HttpReply> => {
    const { snapshot, provisional } = await read(accountId, atLeastOf(query['atLeast']));
    const etag = `W/"${snapshot.epoch}.${snapshot.version}.${snapshot.catalogVersion}"`;
    // The tag does not name the account: of two that share a browser, neither may be given the other's copy.
    const caching = { 'Cache-Control': 'private, no-cache', Vary: 'Authorization' };
    // What is computed for this one answer has no version of its own, hence no tag.
    if (provisional) return { status: 200, body: snapshot, headers: caching };
    const reply = { headers: { ...caching, ETag: etag } };
    if (knows(headers['if-none-match'], etag)) return { status: 304, ...reply };
    return { status: 200, body: snapshot, ...reply };
  };
}

function atLeastOf(text: string | undefined): number {
  if (text === undefined) return 0;
  if (!/^\d{1,15}$/.test(text)) throw new Malformed('atLeast', 'must be a version number');
  return Number(text);
}

/** Whether the caller's copies, a list of entity tags, include this one; compared weakly (RFC 9110). */
function knows(ifNoneMatch: string | undefined, etag: string): boolean {
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '');
  const tags = ifNoneMatch?.split(',').map(opaque) ?? [];
  return tags.includes('*') || tags.includes(opaque(etag));
}

export const handler = viewer(readEntitlements({ read: snapshotReader() }));
