import { foldAccess, type Entitlement, type Snapshot } from '../../shared/domain/entitlements.ts';
import { fromMs } from '../../shared/domain/instants.ts';

/** When {@link snapshotAt} was computed. */
export const NOW = Date.parse('2026-11-22T10:00:00.000Z');

/** What Ada holds at a version, with nothing to come. */
export function snapshotAt(version: number, entitlements: readonly Entitlement[] = []): Snapshot {
  return {
    accountId: 'ada',
    epoch: '0',
    version,
    catalogVersion: '2026-11-22.1',
    asOf: fromMs(NOW),
    nextChangeAt: null,
    entitlements,
    access: foldAccess(entitlements, NOW),
  };
}
