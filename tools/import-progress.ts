import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { Complaint } from './command.ts';

/** How much of a file has been sent, in a file beside it. */
export interface ImportProgress {
  /** Its name. */
  readonly file: string;
  /** How many events have been sent of this content; 0 when it was another. */
  read(sha256: string): number;
  /** Replaced at once as a whole, so that it is never half written. */
  write(sha256: string, sent: number): void;
}

const kept = z.object({ sha256: z.string(), sent: z.int().check(z.minimum(0)) });

export function importProgress(file: string): ImportProgress {
  return {
    file,
    read(sha256) {
      const found = kept.safeParse(contentOf(file));
      return found.success && found.data.sha256 === sha256 ? found.data.sent : 0;
    },
    write(sha256, sent) {
      const draft = `${file}.draft`;
      try {
        writeFileSync(draft, JSON.stringify({ sha256, sent }));
        renameSync(draft, file);
      } catch (cause) {
        throw new Complaint(`${file} cannot be written, which says how far the import is.`, { cause });
      }
    },
  };
}

function contentOf(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined; // none yet, or none of ours: all is sent again, which does no harm
  }
}
