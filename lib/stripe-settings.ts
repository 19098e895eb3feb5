import { oneOf, refuse, type Context } from './context-values.ts';

/** Whose events Stripe's webhook takes: of real payments, or of Stripe's test mode; `off`: there is no webhook. */
export type StripeMode = 'off' | 'live' | 'test';

const CHOICES = ['true', 'false', 'live', 'test'] as const;

/** `-c stripe=true` is the mode that suits the stage. Where things are really sold a test card buys nothing. */
export function readStripe(context: Context, { keepsData }: { readonly keepsData: boolean }): StripeMode {
  const value = context('stripe');
  const choice = oneOf(
    () => (typeof value === 'boolean' ? String(value) : value),
    'stripe',
    CHOICES,
    'false',
  );
  if (choice === 'false') return 'off';
  if (choice === 'true') return keepsData ? 'live' : 'test';
  if (choice === 'test' && keepsData)
    return refuse('stripe', choice, 'live, since prod takes no test payments');
  return choice;
}
