import type { Translate } from './payment-provider.ts';
import { translateStripe } from './stripe/translate.ts';

/** How to read a report that was put aside, by the provider's name. */
export const TRANSLATORS: Readonly<Record<string, Translate>> = { stripe: translateStripe };
