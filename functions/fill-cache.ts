import * as z from 'zod/mini';
import { isAccountId } from '../shared/domain/ids.ts';
import { publishTally } from '../shared/lambda/metrics.ts';
import { snapshotReader } from '../shared/lambda/snapshot-reader.ts';

const payload = z.object({ accountId: z.string().check(z.refine(isAccountId)) });
const read = snapshotReader();

/** Called by vend-token: has `{ accountId }`'s snapshot computed and cached if it is not. */
export async function handler(event: unknown): Promise<{ readonly version: number }> {
  const { accountId } = payload.parse(event);
  try {
    const { snapshot } = await read(accountId);
    return { version: snapshot.version };
  } finally {
    await publishTally();
  }
}
