import { isErased } from '../domain/erasure.ts';
import { covers, latestOf } from '../domain/purchases.ts';
import type { Account, AccountStore } from '../ports.ts';

const MOST_ROUNDS = 12;

/**
 * An account with its purchases, be they in its inbox or in items of their own, at least as new as those its snapshot
 * rests on. Items of one read may be of different moments, and a purchase that somebody has committed in between would
 * look as if it had been taken away: then it is read again. So it is when a purchase has left the inbox for an item that
 * was read before it was put. What is of before the account was erased is passed over until it is swept away.
 * @throws Unavailable when the table does not answer; Error when purchases are gone, as no part of usher makes them.
 */
export async function readAccount(
  { accounts }: { readonly accounts: Pick<AccountStore, 'readAll'> },
  accountId: string,
): Promise<Account> {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const { record, purchases: stored } = await accounts.readAll(accountId);
    if (!record) return { record, purchases: stored };
    const purchases = latestOf([...stored, ...record.inbox]).filter(
      (purchase) => !isErased(purchase, record.erasedAtMs),
    );
    if (covers(purchases, record.basis)) return { record, purchases };
  }
  throw new Error('purchases are missing that the account rests on');
}
