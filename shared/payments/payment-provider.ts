import type { Catalog } from '../domain/catalog.ts';
import type { Purchase } from '../domain/purchases.ts';
import type { HttpRequest } from '../lambda/http-messages.ts';

/**
 * Someone who takes the payments and reports them in a language of his own. `accept-reports.ts` does with a report
 * what is the same for all; what another provider needs is this, and a line in `translators.ts`.
 */
export interface PaymentProvider {
  /** What a report that was put aside is known by. */
  readonly name: string;
  /** Whether this secret signed the request, not more than five minutes ago. */
  verify(request: Pick<HttpRequest, 'headers' | 'body'>, secret: string, nowMs: number): Verdict;
  readonly translate: Translate;
}

/** `stale`: signed by this secret, but too long ago. */
export type Verdict = 'genuine' | 'stale' | 'forged';

/** Pure: the same report and the same catalogue say the same, whenever and how often they are asked. Never throws. */
export type Translate = (report: unknown, catalog: Catalog) => Translation;

/** What a report says in our words. One that concerns nothing of ours has neither purchases nor anything unmappable. */
export interface Translation {
  /** False: nobody has really paid; `undefined`: it does not say. */
  readonly live: boolean | undefined;
  /** The whole state of each purchase that it reports. */
  readonly purchases: readonly Purchase[];
  /** What of it cannot be said as a purchase, and why. */
  readonly unmappable: readonly string[];
  /** As much of the report as its translation needs, which is all that is kept of it when it is put aside. */
  readonly essence: unknown;
}

/** A report that could not be mapped in whole, as it lies in the dead letters and comes back from there. */
export interface PaymentMessage {
  readonly kind: 'payment';
  readonly provider: string;
  readonly report: unknown;
  /** The catalogue that could not map it. */
  readonly catalogVersion: string;
}

/** Takes what needs somebody to look at it. Throws Unavailable when it does not answer. */
export interface DeadLetters {
  put(message: PaymentMessage, reason: string): Promise<void>;
}
