import { loadCatalog } from '../shared/catalog.ts';
import type { Catalog } from '../shared/domain/catalog.ts';
import { type HttpReply } from '../shared/lambda/http-messages.ts';
import { open } from '../shared/lambda/http.ts';

/** GET /catalog: what is sold and what is watched, for anyone. */
export function readCatalog({ catalog }: { catalog: Catalog }) {
  const { catalogVersion, products, contents } = catalog;
  const reply: HttpReply = {
    status: 200,
    headers: { 'Cache-Control': 'public, max-age=60' },
    body: { catalogVersion, products, contents },
  };
  return async (): Promise<HttpReply> => reply;
}

export const handler = open(readCatalog({ catalog: loadCatalog() }));
