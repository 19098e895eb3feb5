import type { Question } from './ask.ts';
import { Complaint } from './command.ts';

/** With what Stripe signs what it sends to one endpoint; its dashboard shows it beside that. */
export const STRIPE_SECRET: Question = {
  name: 'stripe-secrets',
  prompt: 'Stripe signing secret of the endpoint (whsec_…, is not shown)',
  secret: true,
};

/** @throws Complaint that quotes nothing: an API key of Stripe's, given by mistake, is a worse secret */
export function requireStripeSecret(secret: string): void {
  if (/^whsec_[A-Za-z0-9+/=_-]+$/.test(secret)) return;
  throw new Complaint('This is no signing secret of an endpoint: those begin with whsec_.');
}
