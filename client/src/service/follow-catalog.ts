import { compareCatalogVersions, type Catalog } from '../../../shared/domain/catalog.ts';
import type { After } from '../timing/timers.ts';

interface World {
  readonly read: () => Promise<Catalog>;
  readonly after: After;
  /** How long to wait before the next try; `undefined` when trying again is of no use. */
  readonly delayAfter: (error: unknown, failures: number) => number | undefined;
}

/** The catalogue, for those who have asked for it once. */
export interface LiveCatalog {
  read(): Promise<Catalog>;
  /** Somebody has spoken of this version: reads again until what was read is as new, or has stayed older for long. */
  hear(catalogVersion: string): void;
  /** Asks for nothing any more, until somebody speaks of a version again. */
  stop(): void;
}

/**
 * Browsers keep the catalogue for a minute, and while a stage is deployed its functions do not change all at once. Who
 * stays behind for longer, as after the way back to an older one, waits for somebody to speak of it again.
 */
const MOST_TRIES = 10;

/** @param onCatalog is told of another catalogue than the one before, which somebody has read */
export function followCatalog(
  { read, after, delayAfter }: World,
  onCatalog: (catalog: Catalog) => void,
): LiveCatalog {
  let catalog: Catalog | undefined;
  /** The newest version that anybody has spoken of. */
  let heard = '';
  let isReading = false;
  let stopped = false;
  let cancel = () => {};

  return {
    async read() {
      take(await read());
      return catalog!;
    },
    hear(catalogVersion) {
      stopped = false;
      if (compareCatalogVersions(heard, catalogVersion) < 0) heard = catalogVersion;
      if (isBehind() && !isReading) void readAgain(0);
    },
    stop() {
      stopped = true;
      cancel();
    },
  };

  async function readAgain(failures: number): Promise<void> {
    isReading = true;
    cancel = () => {};
    try {
      take(await read());
      if (isBehind() && failures < MOST_TRIES)
        throw new Error('the answers stay older than what was announced');
      isReading = false;
    } catch (error) {
      const delayMs = delayAfter(error, failures);
      if (stopped || delayMs === undefined) {
        isReading = false;
        return;
      }
      const cancelTimer = after(delayMs, () => void readAgain(failures + 1));
      cancel = () => {
        cancelTimer();
        isReading = false;
      };
    }
  }

  function isBehind(): boolean {
    return !!catalog && isOlder(catalog, heard);
  }

  function take(next: Catalog): void {
    const before = catalog;
    if (before && !isOlder(before, next.catalogVersion)) return;
    catalog = next;
    if (before) onCatalog(next);
  }
}

function isOlder({ catalogVersion }: Catalog, than: string): boolean {
  return compareCatalogVersions(catalogVersion, than) < 0;
}
