import { Refusal, type Catalog, type Usher } from '../../client/src/index.ts';
import { part } from './element.ts';
import { sentenceOf } from './problem-words.ts';

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
/** Whoever asks for more is no service of ours. */
const LONGEST_ASKED_SECONDS = 300;

/**
 * Reads the catalogue, however often that takes, for as long as it is wanted; meanwhile the page says what is in the
 * way.
 */
export async function loadCatalogue(
  usher: Pick<Usher, 'readCatalog'>,
  isWanted: () => boolean,
): Promise<Catalog | undefined> {
  const complaint = part('catalogue-error', HTMLElement);
  for (let failures = 0; isWanted(); failures++) {
    try {
      const catalog = await usher.readCatalog();
      complaint.textContent = '';
      return catalog;
    } catch (error) {
      complaint.textContent = sentenceOf(error);
      const asked =
        error instanceof Refusal ? Math.min(error.retryAfterSeconds ?? 0, LONGEST_ASKED_SECONDS) : 0;
      const waitMs = asked * 1000 + Math.random() * Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
  return undefined;
}
