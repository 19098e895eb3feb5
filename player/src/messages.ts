import * as z from 'zod/mini';
import { DEVICE_TYPES, PRODUCT_TYPES, type Catalog } from '../../shared/domain/catalog.ts';
import type { Entitlement, Snapshot } from '../../shared/domain/entitlements.ts';
import { isInstant } from '../../shared/domain/instants.ts';
import { PURCHASE_STATUSES } from '../../shared/domain/purchases.ts';

const instant = z.string().check(z.refine(isInstant));
const texts = z.array(z.string());
const features = z.record(z.string(), z.string());
const count = z.int().check(z.minimum(0));
const limits = {
  regions: z.exactOptional(texts),
  deviceTypes: z.exactOptional(z.array(z.enum(DEVICE_TYPES))),
};

const entitlement = z.object({
  entitlementId: z.string(),
  accountId: z.string(),
  productId: z.string(),
  productType: z.enum(PRODUCT_TYPES),
  status: z.enum(PURCHASE_STATUSES),
  validFrom: instant,
  validUntil: z.nullable(instant),
  heldUntil: z.nullable(instant),
  held: z.boolean(),
  grants: texts,
  features,
  maxStreams: z.exactOptional(count),
  extraStreams: z.exactOptional(count),
  ...limits,
}) satisfies z.ZodMiniType<Entitlement>;

const snapshot = z.object({
  accountId: z.string(),
  epoch: z.string().check(z.regex(/^\d+$/)),
  version: count,
  catalogVersion: z.string(),
  asOf: instant,
  nextChangeAt: z.nullable(instant),
  entitlements: z.array(entitlement),
  access: z.object({ maxStreams: count, features, grants: texts }),
}) satisfies z.ZodMiniType<Snapshot>;

const catalog = z.object({
  catalogVersion: z.string(),
  products: z.array(
    z.object({
      productId: z.string(),
      productType: z.enum(PRODUCT_TYPES),
      title: z.string(),
      description: z.exactOptional(z.string()),
      grants: texts,
      features: z._default(features, {}),
      maxStreams: z.exactOptional(count),
      extraStreams: z.exactOptional(count),
      ...limits,
      graceSeconds: z._default(z.number(), 0),
      durationHours: z.exactOptional(z.number()),
      notify: z._default(z.boolean(), true),
    }),
  ),
  contents: z.array(
    z.object({
      contentId: z.string(),
      title: z.string(),
      requires: texts,
      ...limits,
      from: z.exactOptional(instant),
      until: z.exactOptional(instant),
      counted: z._default(z.boolean(), true),
    }),
  ),
}) satisfies z.ZodMiniType<Catalog>;

/** Where the message stands in the account's history, beside what it says. */
const envelope = { epoch: z.string().check(z.regex(/^\d+$/)), version: count, subject: z.string() };
const message = z.discriminatedUnion('type', [
  z.object({ ...envelope, type: z.literal('entitlement.created'), data: entitlement }),
  z.object({ ...envelope, type: z.literal('entitlement.updated'), data: entitlement }),
  z.object({
    ...envelope,
    type: z.literal('entitlement.deleted'),
    data: z.object({ entitlementId: z.string() }),
  }),
  z.object({ ...envelope, type: z.literal('entitlements.replaced') }),
]);

const grant = z.object({
  userId: z.string(),
  cacheName: z.string(),
  endpoint: z.string(),
  expiresAt: instant,
  token: z.string(),
  cacheToken: z.string(),
});

/** One of the messages on an account's topic that change its entitlements. */
export type EntitlementMessage = Envelope &
  (
    | { readonly type: 'entitlement.created' | 'entitlement.updated'; readonly data: Entitlement }
    | { readonly type: 'entitlement.deleted'; readonly data: { readonly entitlementId: string } }
    | { readonly type: 'entitlements.replaced' }
  );

interface Envelope {
  readonly epoch: string;
  readonly version: number;
  /** The account. */
  readonly subject: string;
}

/** What `GET /token?cache=true` gives: the way to Momento and the tokens that open it. */
export type Grant = z.infer<typeof grant>;

/** @throws Error when it is not the shape that the API promises. */
export const parseSnapshot = (json: unknown): Snapshot => snapshot.parse(json);
/** @throws Error when it is not the shape that the API promises. */
export const parseCatalog = (json: unknown): Catalog => catalog.parse(json);
/** @throws Error when it is not the shape that the API promises. */
export const parseGrant = (json: unknown): Grant => grant.parse(json);

/** `undefined` for a message of another kind, as `session.terminated`, and for what is no message. */
export function parseMessage(text: string): EntitlementMessage | undefined {
  try {
    return message.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
