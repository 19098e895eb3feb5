import { Refusal } from './status.ts';

/**
 * Adds to a counter kept as decimal text, as Momento keeps them; an absent one counts from 0.
 *
 * @throws Refusal FAILED_PRECONDITION when the text is no whole number, or the sum leaves JavaScript's exact range
 */
export function add(
  text: Buffer | undefined,
  amount: number,
): { readonly sum: number; readonly text: Buffer } {
  const before = text?.toString() ?? '0';
  if (!/^-?\d+$/.test(before)) throw new Refusal('FAILED_PRECONDITION', 'The value is not an integer');
  const sum = Number(before) + amount;
  if (!Number.isSafeInteger(sum))
    throw new Refusal('FAILED_PRECONDITION', 'The sum is too large for the stand-in');
  return { sum, text: Buffer.from(String(sum)) };
}
