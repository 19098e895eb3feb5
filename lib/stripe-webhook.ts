import { Construct } from 'constructs';
import { MEMORY_MB, ROUTE_SECONDS, settingsOf, type FunctionsProps } from './function-settings.ts';
import { UsherFunction } from './usher-function.ts';

export interface StripeWebhookProps extends FunctionsProps {
  /** Whether real payments count, or those of Stripe's test mode. */
  readonly mode: 'live' | 'test';
}

/** Takes what Stripe reports into the checkout queue; what it cannot map goes to the dead letters. */
export class StripeWebhook extends Construct {
  readonly acceptStripeEvent: UsherFunction;

  constructor(scope: Construct, id: string, { mode, ...props }: StripeWebhookProps) {
    super(scope, id);
    const { stage, code, checkout } = props;
    const { route, queue } = settingsOf(props);
    this.acceptStripeEvent = new UsherFunction(this, 'AcceptStripeEvent', {
      stage,
      code,
      name: 'accept-stripe-event',
      description: 'POST /webhooks/stripe: takes what Stripe reports of payments into the queue.',
      memoryMb: MEMORY_MB.withAws,
      timeoutSeconds: ROUTE_SECONDS,
      parameters: { STRIPE_SECRETS_PARAMETER: 'stripe-secrets' },
      environment: {
        ...route,
        ...queue,
        DEAD_LETTER_QUEUE_URL: checkout.deadLetters.queueUrl,
        STRIPE_MODE: mode,
      },
    });
    this.acceptStripeEvent.maySend(checkout.queue, checkout.deadLetters);
  }
}
