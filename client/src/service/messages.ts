import * as v from 'valibot';
import { DEVICE_TYPES, PRODUCT_TYPES, type Catalog } from '../../../shared/domain/catalog.ts';
import { WAVE_PRIORITIES, WAVE_STATES, type Wave } from '../../../shared/domain/catalog-messages.ts';
import type { Entitlement, Snapshot } from '../../../shared/domain/entitlements.ts';
import { PURCHASE_STATUSES } from '../../../shared/domain/purchases.ts';
import { count, instant, parse, parseText } from './parse.ts';

const texts = v.array(v.string());
const features = v.custom<Readonly<Record<string, string>>>(isTextByName, 'no features');
const epoch = v.custom<string>((value) => typeof value === 'string' && /^\d+$/.test(value), 'no epoch');
const limits = {
  regions: v.exactOptional(texts),
  deviceTypes: v.exactOptional(v.array(v.picklist(DEVICE_TYPES))),
};

const entitlement = v.object({
  entitlementId: v.string(),
  accountId: v.string(),
  productId: v.string(),
  productType: v.picklist(PRODUCT_TYPES),
  status: v.picklist(PURCHASE_STATUSES),
  validFrom: instant,
  validUntil: v.nullable(instant),
  heldUntil: v.nullable(instant),
  held: v.boolean(),
  grants: texts,
  features,
  maxStreams: v.exactOptional(count),
  extraStreams: v.exactOptional(count),
  ...limits,
}) satisfies v.GenericSchema<unknown, Entitlement>;

export const snapshotSchema = v.object({
  accountId: v.string(),
  epoch,
  version: count,
  catalogVersion: v.string(),
  asOf: instant,
  nextChangeAt: v.nullable(instant),
  entitlements: v.array(entitlement),
  access: v.object({ maxStreams: count, features, grants: texts }),
}) satisfies v.GenericSchema<unknown, Snapshot>;

const catalog = v.object({
  catalogVersion: v.string(),
  products: v.array(
    v.object({
      productId: v.string(),
      productType: v.picklist(PRODUCT_TYPES),
      title: v.string(),
      description: v.exactOptional(v.string()),
      grants: texts,
      features: v.exactOptional(features, {}),
      maxStreams: v.exactOptional(count),
      extraStreams: v.exactOptional(count),
      ...limits,
      graceSeconds: v.exactOptional(v.number(), 0),
      durationHours: v.exactOptional(v.number()),
      notify: v.exactOptional(v.boolean(), true),
    }),
  ),
  contents: v.array(
    v.object({
      contentId: v.string(),
      title: v.string(),
      requires: texts,
      ...limits,
      from: v.exactOptional(instant),
      until: v.exactOptional(instant),
      counted: v.exactOptional(v.boolean(), true),
    }),
  ),
}) satisfies v.GenericSchema<unknown, Catalog>;

/** Where the message stands in the account's history, beside what it says. */
const envelope = { epoch, version: count, subject: v.string() };
const changed = v.object({
  ...envelope,
  type: v.picklist(['entitlement.created', 'entitlement.updated']),
  data: entitlement,
});
const deleted = v.object({
  ...envelope,
  type: v.picklist(['entitlement.deleted']),
  data: v.object({ entitlementId: v.string() }),
});
/** `entitlements.replaced`, and whatever else names a version, as a newer service may: all call for a read. */
const replaced = v.object(envelope);

const grant = v.object({
  userId: v.string(),
  cacheName: v.string(),
  endpoint: v.string(),
  issuedAt: v.exactOptional(instant),
  expiresAt: instant,
  token: v.string(),
  cacheToken: v.string(),
});

const wave = v.object({
  type: v.picklist(['catalog.changed']),
  data: v.object({
    waveId: v.string(),
    state: v.picklist(WAVE_STATES),
    catalogVersion: v.string(),
    productIds: texts,
    refreshWithinSeconds: count,
    priority: v.picklist(WAVE_PRIORITIES),
  }),
}) satisfies v.GenericSchema<unknown, { readonly data: Wave }>;

const cloudEvent = v.object({
  type: v.string(),
  id: v.exactOptional(v.string()),
  time: v.exactOptional(instant),
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
export type Grant = v.InferOutput<typeof grant>;
/** The part of a message that does not depend on its kind. */
export type CloudEvent = v.InferOutput<typeof cloudEvent>;

/** @throws Error when it is not the shape that the API promises. */
export const parseSnapshot = (json: unknown): Snapshot => parse(snapshotSchema, json);
/** @throws Error when it is not the shape that the API promises. */
export const parseCatalog = (json: unknown): Catalog => parse(catalog, json);
/** @throws Error when it is not the shape that the API promises. */
export const parseGrant = (json: unknown): Grant => parse(grant, json);

/**
 * `undefined` for a message that names no version, as `session.terminated`, and for what is no message. A change that is
 * not understood is `entitlements.replaced`: what is known of it is that there is something to read.
 */
export function parseMessage(text: string): EntitlementMessage | undefined {
  const moved = parseText(replaced, text);
  return (
    moved &&
    (parseText(changed, text) ?? parseText(deleted, text) ?? { ...moved, type: 'entitlements.replaced' })
  );
}
/** `undefined` for a message of another kind, and for what is no message. */
export const parseWave = (text: string): Wave | undefined => parseText(wave, text)?.data;
/** What every message says of itself; `undefined` for what is no message. */
export const parseCloudEvent = (text: string): CloudEvent | undefined => parseText(cloudEvent, text);

function isTextByName(value: unknown): boolean {
  return (
    typeof value === 'object' && !!value && Object.values(value).every((text) => typeof text === 'string')
  );
}
