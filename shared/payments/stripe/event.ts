import * as z from 'zod/mini';

/*
 * Of Stripe's events the parts that we read, in the shapes of the API versions before 2025-03-31 ("basil", where a
 * period's end stands in the subscription) and since (where it stands in each item). The rest, names and addresses of
 * customers among it, is dropped here, so that none of it lies in a queue.
 */

const text = z.string().check(z.minLength(1), z.maxLength(500));

/** Seconds since the epoch, within the four digits that a year has in ISO 8601. */
const seconds = z.int().check(z.minimum(0), z.maximum(253_402_300_799));
const maybeSeconds = z.nullish(seconds);

/** What an integrator tells us by metadata; other keys are somebody else's. */
const metadata = z._default(
  z.nullable(
    z.object({
      usher_account_id: z.nullish(text),
      usher_price_id: z.nullish(text),
      usher_purchase_id: z.nullish(text),
    }),
  ),
  null,
);
export type Metadata = z.output<typeof metadata>;

export const envelopeSchema = z.object({
  id: text,
  object: z.literal('event'),
  type: text,
  created: seconds,
  livemode: z.boolean(),
  /** The connected account that it belongs to; absent when it is the receiver's own. */
  account: z.nullish(text),
  data: z.object({ object: z.unknown(), previous_attributes: z.optional(z.unknown()) }),
});
export type Envelope = z.output<typeof envelopeSchema>;

const itemSchema = z.object({
  id: text,
  created: seconds,
  price: z.object({ id: text }),
  quantity: z.nullish(z.int()),
  current_period_start: maybeSeconds,
  current_period_end: maybeSeconds,
});
export type Item = z.output<typeof itemSchema>;

/** Stripe allows a subscription 20. Each is a message of its own, all of them sent within one answer. */
const mostItems = z.maxLength(100, 'has more than 100 elements');

const itemsSchema = z.object({
  data: z.array(itemSchema).check(mostItems),
  has_more: z._default(z.boolean(), false),
});

/** What cannot be read of the past is left out of it: the present is what counts. */
const earlierItem = z.pipe(
  z.unknown(),
  z.transform((item: unknown) => itemSchema.safeParse(item).data),
);

export const subscriptionSchema = z.object({
  object: z.object({
    status: text,
    metadata,
    items: itemsSchema,
    current_period_start: maybeSeconds,
    current_period_end: maybeSeconds,
    cancel_at_period_end: z._default(z.boolean(), false),
    cancel_at: maybeSeconds,
    canceled_at: maybeSeconds,
    ended_at: maybeSeconds,
    pause_collection: z.nullish(z.object({ behavior: text })),
  }),
  /** Only in updates: what changed, as it was before; an array that changed in any element, in whole. */
  previous_attributes: z.nullish(
    z.object({
      status: z.optional(text),
      canceled_at: maybeSeconds,
      metadata,
      items: z.optional(z.object({ data: z.array(earlierItem).check(mostItems) })),
    }),
  ),
});
export type SubscriptionReport = z.output<typeof subscriptionSchema>;

export const sessionSchema = z.object({
  object: z.object({
    id: text,
    mode: text,
    payment_status: text,
    payment_intent: z.nullish(text),
    client_reference_id: z.nullish(text),
    metadata,
  }),
});
export type SessionReport = z.output<typeof sessionSchema>;

export const chargeSchema = z.object({
  object: z.object({
    created: seconds,
    payment_intent: z.nullish(text),
    /** True once all of it is refunded. */
    refunded: z.boolean(),
    metadata,
  }),
});
export type ChargeReport = z.output<typeof chargeSchema>;
