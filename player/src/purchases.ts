import type { Product } from '../../shared/domain/catalog.ts';
import type { Snapshot } from '../../shared/domain/entitlements.ts';
import { deliver } from './deliver.ts';
import { purchaseOf, type Moment } from './store.ts';

/** A purchase that is paid for and not on the screen yet. */
export interface AwaitedPurchase {
  readonly title: string;
  /** When Pay was pressed, on the clock of `performance.now`. */
  readonly pressedAtMs: number;
}

interface World {
  readonly storeUrl: string;
  readonly moment: () => Moment;
  /** Told when something begins or ceases to be awaited other than by `settle`. */
  readonly onChange: () => void;
  /** Told when a purchase has not arrived in good time. */
  readonly onLate: () => void;
}

export interface Purchases {
  /** Reports a purchase. @throws Refusal; TypeError when the payment side cannot be reached. */
  pay(product: Product, accountId: string): Promise<void>;
  /** What is awaited, by purchase. */
  readonly awaited: ReadonlyMap<string, AwaitedPurchase>;
  /** Takes out, and returns, the awaited purchases that have arrived with this answer. */
  settle(snapshot: Snapshot): ReadonlyMap<string, AwaitedPurchase>;
  /** Awaits nothing any more. */
  forget(): void;
}

/** When a purchase has not arrived by then, the page asks for it. */
const PATIENCE_MS = 8000;

/** Keeps what has been paid for until it is on the screen. */
export function createPurchases({ storeUrl, moment, onChange, onLate }: World): Purchases {
  const awaited = new Map<string, AwaitedPurchase>();
  return {
    awaited,
    async pay(product, accountId) {
      const event = purchaseOf(product, accountId, moment());
      const { purchaseId } = event;
      // Before it is delivered: the titles may be open before the payment side has its answer.
      awaited.set(purchaseId, { title: product.title, pressedAtMs: performance.now() });
      onChange();
      try {
        await deliver(event, storeUrl);
      } catch (error) {
        awaited.delete(purchaseId);
        onChange();
        throw error;
      }
      setTimeout(() => awaited.has(purchaseId) && onLate(), PATIENCE_MS);
    },
    settle({ entitlements }) {
      const arrived = new Map<string, AwaitedPurchase>();
      for (const { entitlementId } of entitlements) {
        const purchase = awaited.get(entitlementId);
        if (purchase && awaited.delete(entitlementId)) arrived.set(entitlementId, purchase);
      }
      return arrived;
    },
    forget: () => awaited.clear(),
  };
}
