import { setting } from '../env.ts';
import { lazily } from '../lazily.ts';
import type { DegradedSessions } from '../ports.ts';

/** Sessions admitted in an outage, in the stage's table: asked in an outage only, so its client is loaded then. */
export function stageDegradedSessions(): DegradedSessions {
  const table = lazily(async () => {
    const { tableDegradedSessions } = await import('../aws/degraded-sessions.ts');
    return tableDegradedSessions(setting('TABLE_NAME'));
  });
  return {
    read: async (accountId) => (await table()).read(accountId),
    write: async (accountId, entries, revision) => (await table()).write(accountId, entries, revision),
  };
}
