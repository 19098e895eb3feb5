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
  readonly catalog: Catalog | undefined;
  read(): Promise<Catalog>;
  /** Somebody has spoken of this version: reads again, for as long as it takes, if what was read is older. */
  hear(catalogVersion: string): void;
  stop(): void;
}

/** @param onCatalog is told of another catalogue than the one before, which somebody has read */
export function followCatalog(
  { read, after, delayAfter }: World,
  onCatalog: (catalog: Catalog) => void,
): LiveCatalog {
  let catalog: Catalog | undefined;
  let isReading = false;
  let stopped = false;
  let cancel = () => {};

  return {
    get catalog() {
      return catalog;
    },
    async read() {
      take(await read());
      return catalog!;
    },
    hear(catalogVersion) {
      if (catalog && isOlder(catalog, catalogVersion) && !isReading) void readAgain(0);
    },
    stop() {
      stopped = true;
      cancel();
    },
  };

  async function readAgain(failures: number): Promise<void> {
    isReading = true;
    try {
      take(await read());
      isReading = false;
    } catch (error) {
      const delayMs = delayAfter(error, failures);
      if (stopped || delayMs === undefined) isReading = false;
      else cancel = after(delayMs, () => void readAgain(failures + 1));
    }
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
