import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Makes sure that one process at a time uses the kept data, which two would corrupt. A lock whose process is gone is
 * taken over.
 *
 * @returns what gives the lock back.
 * @throws naming the process that holds it.
 */
export function lockData(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true });
  const file = path.join(dataDir, 'lock');
  const holder = holderOf(file);
  if (holder !== undefined) {
    throw new Error(`usher already runs on ${dataDir}, as process ${holder}. Stop that one first.`);
  }
  rmSync(file, { force: true });
  writeFileSync(file, String(process.pid), { flag: 'wx' }); // of two that come at once, one fails here
  return () => rmSync(file, { force: true });
}

/** The process that holds the lock and still lives. */
function holderOf(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    process.kill(pid, 0);
    return pid === process.pid ? undefined : pid;
  } catch (error) {
    // EPERM: it lives and belongs to someone else.
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? Number(readFileSync(file, 'utf8')) : undefined;
  }
}
