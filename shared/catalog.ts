import * as z from 'zod/mini';
import source from '../catalog.json' with { type: 'json' };
import { LARGEST_ANNOUNCEMENT_BYTES, largestAnnouncementBytes } from './domain/announcements.ts';
import { DEVICE_TYPES, PRODUCT_TYPES, type Catalog, type ProductType } from './domain/catalog.ts';
import { MOST_STREAMS } from './domain/entitlements.ts';
import { ID } from './domain/ids.ts';
import { isInstant, toMs } from './domain/instants.ts';

/** Renewals of a subscription arrive late, a rental's end is its end. */
const DEFAULT_GRACE_SECONDS: Readonly<Record<ProductType, number>> = {
  subscription: 86_400,
  addon: 86_400,
  rental: 0,
  promotion: 0,
  free: 0,
};

const id = z.string().check(z.regex(ID));
const instant = z.string().check(z.refine(isInstant, 'must be an ISO 8601 instant'));
const limits = {
  regions: z.optional(z.array(z.string().check(z.regex(/^[A-Z]{2}$/))).check(z.minLength(1))),
  deviceTypes: z.optional(z.array(z.enum(DEVICE_TYPES)).check(z.minLength(1))),
};
const streams = z.int().check(z.minimum(1), z.maximum(MOST_STREAMS));

const productSchema = z.strictObject({
  productId: id,
  productType: z.enum(PRODUCT_TYPES),
  title: z.string(),
  description: z.optional(z.string()),
  grants: z.array(id),
  features: z._default(z.record(id, z.string()), {}),
  maxStreams: z.optional(streams),
  extraStreams: z.optional(streams),
  ...limits,
  graceSeconds: z.optional(z.int().check(z.minimum(0))),
  durationHours: z.optional(z.number().check(z.positive())),
  notify: z._default(z.boolean(), true),
  // Not `price_…` alone: what was once a plan keeps the id that its seller gave it.
  stripePrices: z.optional(z.array(z.string().check(z.regex(/^[\x21-\x7e]{1,255}$/))).check(z.minLength(1))),
});

const contentSchema = z.strictObject({
  contentId: id,
  title: z.string(),
  requires: z.array(id).check(z.minLength(1)),
  ...limits,
  from: z.optional(instant),
  until: z.optional(instant),
  counted: z._default(z.boolean(), true),
});

const catalogSchema = z.strictObject({
  catalogVersion: z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}\.\d{1,4}$/)),
  products: z.array(productSchema),
  contents: z.array(contentSchema),
});

/**
 * The catalogue in `catalog.json`, defaults filled in. Read when a function starts and at synth.
 * @throws Error naming what is wrong with it.
 */
export function loadCatalog(json: unknown = source): Catalog {
  const parsed = catalogSchema.safeParse(json);
  if (!parsed.success) throw new Error(`catalog.json: ${complaintsOf(parsed.error)}`);
  const catalog: Catalog = {
    ...parsed.data,
    products: parsed.data.products.map((product) => ({
      ...product,
      graceSeconds: product.graceSeconds ?? DEFAULT_GRACE_SECONDS[product.productType],
    })),
  };
  const fault = faultIn(catalog);
  if (fault !== undefined) throw new Error(`catalog.json: ${fault}`);
  return catalog;
}

/** Zod's short build says no more than "Invalid input": the place tells most, of a misspelt field its name. */
function complaintsOf({ issues }: z.core.$ZodError): string {
  const complaints = issues.map((issue) => {
    const what =
      issue.code === 'unrecognized_keys' ? `there is no field '${issue.keys.join("', '")}'` : issue.message;
    return `${issue.path.join('.') || 'the file'}: ${what}`;
  });
  return complaints.join('; ');
}

/** What a schema cannot say. */
function faultIn({ products, contents }: Catalog): string | undefined {
  const twice =
    firstTwice(products.map(({ productId }) => productId)) ??
    firstTwice(contents.map(({ contentId }) => contentId));
  if (twice !== undefined) return `'${twice}' is listed twice`;

  const price = firstTwice(products.flatMap(({ stripePrices = [] }) => stripePrices));
  if (price !== undefined) return `the price '${price}' is listed twice`;
  const gift = products.find(
    ({ productType, stripePrices }) => productType === 'free' && stripePrices !== undefined,
  );
  if (gift) return `the free product '${gift.productId}' has a price`;

  const sum = products.reduce((total, { extraStreams = 0 }) => total + extraStreams, 0);
  const largest = Math.max(0, ...products.map(({ maxStreams = 0 }) => maxStreams));
  if (largest + sum > MOST_STREAMS) return `its products add up to more than ${MOST_STREAMS} streams`;

  for (const product of products) {
    const bytes = largestAnnouncementBytes(product);
    if (bytes > LARGEST_ANNOUNCEMENT_BYTES) {
      return `a message about '${product.productId}' can take ${bytes} bytes, more than ${LARGEST_ANNOUNCEMENT_BYTES}`;
    }
  }
  // For a feature the later expiry wins, and a free product never expires: it would override every paid one.
  const paid = new Set(
    products
      .filter(({ productType }) => productType !== 'free')
      .flatMap(({ features }) => Object.keys(features)),
  );
  for (const { productId, productType, features } of products) {
    const overriding = Object.keys(features).find((feature) => paid.has(feature));
    if (productType === 'free' && overriding !== undefined) {
      return `the free product '${productId}' would override the feature '${overriding}' of what is paid for`;
    }
  }
  const granted = new Set(products.flatMap(({ grants }) => grants));
  for (const { contentId, requires, from, until } of contents) {
    const missing = requires.find((tag) => !granted.has(tag));
    if (missing !== undefined) return `'${contentId}' requires '${missing}', which no product grants`;
    if (from !== undefined && until !== undefined && toMs(until) <= toMs(from))
      return `'${contentId}' ends before it starts`;
  }
  return undefined;
}

function firstTwice(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index);
}
