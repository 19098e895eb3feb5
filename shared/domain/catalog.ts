import type { Instant } from './instants.ts';

export const PRODUCT_TYPES = ['subscription', 'addon', 'rental', 'promotion', 'free'] as const;
export type ProductType = (typeof PRODUCT_TYPES)[number];

export const DEVICE_TYPES = ['web', 'mobile', 'tablet', 'tv', 'console'] as const;
export type DeviceType = (typeof DEVICE_TYPES)[number];

/** What a capability is set to, as players read it: `{ quality: 'uhd' }`. */
export type Features = Readonly<Record<string, string>>;

/** Something that is sold, or given to everyone. */
export interface Product {
  readonly productId: string;
  readonly productType: ProductType;
  readonly title: string;
  readonly description?: string | undefined;
  /** Tags that contents require. */
  readonly grants: readonly string[];
  readonly features: Features;
  /** Streams at a time; an account has the largest of its products'. */
  readonly maxStreams?: number | undefined;
  /** Streams at a time on top of that. */
  readonly extraStreams?: number | undefined;
  /** ISO 3166 country codes where the product counts; absent = everywhere. */
  readonly regions?: readonly string[] | undefined;
  readonly deviceTypes?: readonly DeviceType[] | undefined;
  /** How long an active purchase outlives its `validUntil`, because renewals arrive late. */
  readonly graceSeconds: number;
  /** The end of a purchase that names none. */
  readonly durationHours?: number | undefined;
  /** False: changes of this product are not announced. */
  readonly notify: boolean;
  /** By which it is sold at Stripe, those of the test mode too. */
  readonly stripePrices?: readonly string[] | undefined;
}

/** Something that is watched. */
export interface Content {
  readonly contentId: string;
  readonly title: string;
  /** Every one of these tags must be granted. */
  readonly requires: readonly string[];
  readonly regions?: readonly string[] | undefined;
  readonly deviceTypes?: readonly DeviceType[] | undefined;
  readonly from?: Instant | undefined;
  readonly until?: Instant | undefined;
  /** False: watching it takes no slot. */
  readonly counted: boolean;
}

export interface Catalog {
  /** `YYYY-MM-DD.n`, ordered by `compareCatalogVersions`. */
  readonly catalogVersion: string;
  readonly products: readonly Product[];
  readonly contents: readonly Content[];
}

export function productOf(catalog: Catalog, productId: string): Product | undefined {
  return catalog.products.find((product) => product.productId === productId);
}

/** The product that is sold at this price of Stripe's. */
export function productOfPrice(catalog: Catalog, priceId: string): Product | undefined {
  return catalog.products.find(({ stripePrices }) => stripePrices?.includes(priceId));
}

/** Negative, zero or positive as `a` is older than, the same as, or newer than `b`. */
export function compareCatalogVersions(a: string, b: string): number {
  const [dayA = '', countA = '0'] = a.split('.');
  const [dayB = '', countB = '0'] = b.split('.');
  if (dayA !== dayB) return dayA < dayB ? -1 : 1;
  return Number(countA) - Number(countB);
}
