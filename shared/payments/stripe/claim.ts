import type { PurchaseStatus } from '../../domain/purchases.ts';

/** What an event of Stripe's says of one purchase, in Stripe's ids and seconds. */
export interface Claim {
  /** `undefined`: the event does not name it. */
  readonly accountId: string | undefined;
  readonly purchaseId: string;
  readonly priceId: string | undefined;
  readonly state: State | { readonly fault: string };
  readonly fromSeconds: number;
  /** Which of two events of the same second is later. See order.ts. */
  readonly revision: number;
}

export interface State {
  readonly status: PurchaseStatus;
  readonly untilSeconds: number | null;
}
