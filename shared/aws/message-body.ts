/**
 * A message as SQS takes it: SQS refuses some characters that JSON's texts may hold, U+FFFF for one, and counts bytes.
 * Written in ASCII it says the same.
 */
export function messageBody(message: unknown): string {
  return JSON.stringify(message).replace(/[^\x20-\x7e]/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
