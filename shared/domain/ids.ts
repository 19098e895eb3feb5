/** What an account, device, product or content may be called; also safe as a Momento key and topic. */
export const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Topics of the stage itself: an account of that name would hear, or speak for, everyone. */
const RESERVED = new Set(['heartbeat', 'catalog']);

/** True for a name that may stand for an account. */
export function isAccountId(id: string): boolean {
  return ID.test(id) && !RESERVED.has(id);
}
