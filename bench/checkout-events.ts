import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

/** A checkout event as it goes over the wire, and the entitlement that it changes. */
export interface SignedEvent {
  readonly entitlementId: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A handful, so that the account's item stays as small as a household's. */
const PURCHASES = 4;

/** Each changes what the account holds: `created`, `updated` and `deleted` are announced in turn. */
const STATUSES = ['active', 'cancelled', 'refunded'] as const;

const YEAR_MS = 365 * 24 * 3_600_000;

/**
 * The `index`-th event of an endless series about the same few purchases, in which every event changes something.
 * Signed with `secret`, as the payment side does.
 */
export function checkoutEvent(secret: string, accountId: string, index: number, nowMs: number): SignedEvent {
  const purchaseId = `bench-${index % PURCHASES}`;
  const id = `evt-${randomUUID()}`;
  const body = JSON.stringify({
    id,
    occurredAt: new Date(nowMs).toISOString(),
    revision: index, // decides between two of the same millisecond
    accountId,
    purchaseId,
    productId: 'premium',
    status: STATUSES[Math.floor(index / PURCHASES) % STATUSES.length],
    validFrom: new Date(nowMs).toISOString(),
    validUntil: new Date(nowMs + YEAR_MS).toISOString(),
  });
  const sentAt = new Date(nowMs);
  return {
    entitlementId: purchaseId,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(nowMs / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, sentAt, body),
    },
    body,
  };
}
