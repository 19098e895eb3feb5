import { checkoutEventOf, requireNotAhead } from '../checkout-event.ts';
import type { Catalog } from '../domain/catalog.ts';
import { Malformed } from '../errors.ts';
import { jsonOf, type HttpReply, type HttpRequest } from '../lambda/http-messages.ts';
import { tally } from '../lambda/metrics.ts';
import { Refused } from '../lambda/problems.ts';
import type { CheckoutQueue } from '../ports.ts';
import type { Secrets } from '../secrets.ts';
import type { DeadLetters, PaymentProvider, Translation, Verdict } from './payment-provider.ts';

/** Which reports count: those of real money, or those of the provider's test mode. */
export const PAYMENT_MODES = ['live', 'test'] as const;
export type PaymentMode = (typeof PAYMENT_MODES)[number];

interface World {
  readonly provider: PaymentProvider;
  /** Space-separated: while one replaces another, both verify. */
  readonly secrets: Secrets<'signing'>;
  readonly queue: CheckoutQueue;
  readonly deadLetters: DeadLetters;
  readonly catalog: Catalog;
  readonly mode: PaymentMode;
  readonly now: () => number;
  readonly warn: (message: string, reason?: Error) => void;
}

/**
 * A provider reports a payment: its purchases go into the checkout queue, what cannot be mapped into the dead letters
 * with the reason. Answers 202 when anything came of it and 200 when it does not concern us; either way the provider
 * has no reason to send it again. Repeated reports have no further effect, since each purchase names its event.
 */
export function acceptReports({
  provider,
  secrets,
  queue,
  deadLetters,
  catalog,
  mode,
  now,
  warn,
}: World): (request: HttpRequest) => Promise<HttpReply> {
  const { catalogVersion } = catalog;

  async function requireGenuine(request: HttpRequest): Promise<void> {
    const known = await secrets.get();
    let verdict = verdictOf(request, known.signing);
    if (verdict === 'forged') verdict = verdictOf(request, (await secrets.refresh(known)).signing);
    if (verdict === 'stale') throw new Refused(401, 'stale-signature');
    if (verdict === 'forged') throw new Refused(401, 'bad-signature');
  }

  function verdictOf(request: HttpRequest, signing: string): Verdict {
    const verdicts = signing
      .split(/\s+/)
      .filter((secret) => secret !== '')
      .map((secret) => provider.verify(request, secret, now()));
    return verdicts.find((verdict) => verdict === 'genuine') ?? verdicts.find(isStale) ?? 'forged';
  }

  return async (request) => {
    await requireGenuine(request);
    const { live, purchases, unmappable, essence } = notAhead(
      provider.translate(jsonOf(request), catalog),
      now(),
    );
    if (live !== undefined && live !== (mode === 'live')) {
      warn(`passed over a report of ${provider.name}: it is not of the ${mode} mode`);
      return { status: 200, body: {} };
    }
    for (const purchase of purchases) {
      await queue.send({ kind: 'purchase', event: checkoutEventOf(purchase), catalogVersion });
      tally('PurchasesAccepted');
    }
    if (unmappable.length > 0) {
      const reason = unmappable.join('; ');
      await deadLetters.put(
        { kind: 'payment', provider: provider.name, report: essence, catalogVersion },
        reason,
      );
      warn(`put aside a report of ${provider.name}`, new Malformed(undefined, reason));
      tally('DeadLetters');
    }
    return { status: purchases.length + unmappable.length > 0 ? 202 : 200, body: {} };
  };
}

function isStale(verdict: Verdict): boolean {
  return verdict === 'stale';
}

/** A report from the future would win over all that follow: somebody has to look at it, now or when its time has come. */
function notAhead(translation: Translation, nowMs: number): Translation {
  try {
    for (const purchase of translation.purchases) requireNotAhead(purchase, nowMs);
    return translation;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { ...translation, purchases: [], unmappable: [...translation.unmappable, error.message] };
  }
}
