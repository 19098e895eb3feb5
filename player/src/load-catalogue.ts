import type { Catalog } from '../../shared/domain/catalog.ts';
import type { Api } from '../../client/src/service/api.ts';
import { delayAfter } from '../../client/src/timing/backoff.ts';
import { part } from './element.ts';
import { sentenceOf } from './problem-words.ts';

/** Reads the catalogue, however often that takes; meanwhile the page says what is in the way. */
export async function loadCatalogue(api: Pick<Api, 'readCatalog'>): Promise<Catalog> {
  const complaint = part('catalogue-error', HTMLElement);
  for (let failures = 0; ; failures++) {
    try {
      const catalog = await api.readCatalog();
      complaint.textContent = '';
      return catalog;
    } catch (error) {
      complaint.textContent = sentenceOf(error);
      const delayMs = delayAfter(error, failures, Math.random);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}
