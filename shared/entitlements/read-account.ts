import { covers } from '../domain/purchases.ts';
import type { Account, AccountStore } from '../ports.ts';

const MOST_ROUNDS = 12;

/**
 * An account with purchases that are at least as new as those its snapshot rests on. Items of one read may be of
 * different moments, and a purchase that somebody has committed in between would look as if it had been taken away:
 * then it is read again.
 * @throws Unavailable when the table does not answer; Error when purchases are gone, as no part of usher makes them.
 */
export async function readAccount(
  { accounts }: { readonly accounts: Pick<AccountStore, 'readAll'> },
  accountId: string,
): Promise<Account> {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const account = await accounts.readAll(accountId);
    if (!account.record || covers(account.purchases, account.record.basis)) return account;
  }
  throw new Error('purchases are missing that the account rests on');
}
