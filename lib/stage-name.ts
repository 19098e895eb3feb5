import { createHash } from 'node:crypto';

/** 24 characters leave room for the longest resource name: `usher-{stage}-{function}` within Lambda's 64. */
export const STAGE_NAME_LENGTH = 24;

const HASH_LENGTH = 8;
const PLAIN = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const LOOKS_HASHED = new RegExp(`-[0-9a-f]{${HASH_LENGTH}}$`);

/**
 * The stage name of any git branch: 1 to 24 characters, lower-case letters, digits and single inner hyphens.
 *
 * A name that already has that form stays as it is; every other one is shortened to it and marked with a hash of
 * the whole input, so that `feat/x`, `feat-x` and `Feat-X` are three stages. A plain name that ends as a marked
 * one would is marked too, or it could meet the stage of another branch. Hence the derived name is not a name to
 * pass again: pass the branch.
 */
export function stageNameOf(branch: string): string {
  if (PLAIN.test(branch) && branch.length <= STAGE_NAME_LENGTH && !LOOKS_HASHED.test(branch)) return branch;
  const hash = createHash('sha256').update(branch).digest('hex').slice(0, HASH_LENGTH);
  const readable = branch
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, STAGE_NAME_LENGTH - HASH_LENGTH - 1)
    .replaceAll(/^-+|-+$/g, '');
  return readable === '' ? `b-${hash}` : `${readable}-${hash}`;
}
