import type { Catalog, Content, Product } from '../../shared/domain/catalog.ts';
import type { Entitlement } from '../../shared/domain/entitlements.ts';

/** A subscription that gives nothing yet. */
export function product(changes: Partial<Product> = {}): Product {
  return {
    productId: 'premium',
    productType: 'subscription',
    title: 'Premium',
    grants: [],
    features: {},
    graceSeconds: 0,
    notify: true,
    ...changes,
  };
}

/** Something that whoever holds the tag `movies` may watch. */
export function content(changes: Partial<Content> = {}): Content {
  return { contentId: 'harbour', title: 'The Harbour', requires: ['movies'], counted: true, ...changes };
}

export function catalogOf(
  products: readonly Product[],
  { catalogVersion = '2026-11-22.1', contents = [] }: Partial<Catalog> = {},
): Catalog {
  return { catalogVersion, products, contents };
}

/** An entitlement that is held from the start of 2026 for ever, unless told otherwise. */
export function entitlement(changes: Partial<Entitlement> = {}): Entitlement {
  return {
    entitlementId: 'sub_1',
    accountId: 'ada',
    productId: 'premium',
    productType: 'subscription',
    status: 'active',
    validFrom: '2026-01-01T00:00:00.000Z',
    validUntil: null,
    heldUntil: null,
    held: true,
    grants: ['movies'],
    features: {},
    ...changes,
  };
}
