import { decideAccess, type Circumstances, type Refusal } from '../../shared/domain/access.ts';
import type { Catalog, Content, DeviceType, Product } from '../../shared/domain/catalog.ts';
import { isHeld, type Entitlement } from '../../shared/domain/entitlements.ts';
import { toMs } from '../../shared/domain/instants.ts';
import { anyOf, countryName, dayOf } from './words.ts';

/** What it takes to say which titles are open: to whom, where and when. */
export interface Outlook {
  readonly catalog: Catalog;
  readonly entitlements: readonly Entitlement[];
  readonly circumstances: Circumstances;
}

/** How a title stands for the viewer. */
export type Standing =
  | { readonly open: true; readonly free: boolean }
  | {
      readonly open: false;
      readonly reason: Refusal;
      /** Why, and what would open it. */
      readonly sentence: string;
      /** The product that opens it at once, when one does. */
      readonly offer: Product | undefined;
    };

/** What is sold. Free products are everyone's, promotions are given away. */
export function productsOnSale({ products }: Catalog): readonly Product[] {
  return products.filter(({ productType }) => ['subscription', 'addon', 'rental'].includes(productType));
}

export function standingOf(content: Content, outlook: Outlook): Standing {
  const decision = decideAccess(content, outlook.entitlements, outlook.circumstances);
  if (decision.allowed) return { open: true, free: isFree(content, outlook.catalog) };
  const { reason } = decision;
  const sentence = sentenceFor(reason, content, outlook);
  return { open: false, reason, sentence, offer: offerFor(content, outlook) };
}

/** The titles that are open, by id. */
export function openTitles(outlook: Outlook): ReadonlySet<string> {
  const open = outlook.catalog.contents.filter((content) => standingOf(content, outlook).open);
  return new Set(open.map(({ contentId }) => contentId));
}

function isFree({ requires }: Content, { products }: Catalog): boolean {
  const free = products.filter(({ productType }) => productType === 'free').flatMap(({ grants }) => grants);
  return requires.every((tag) => free.includes(tag));
}

/** The first product on sale with which the title would be open, here and now. */
function offerFor(content: Content, { catalog, entitlements, circumstances }: Outlook): Product | undefined {
  return productsOnSale(catalog).find(
    (product) => decideAccess(content, [...entitlements, asIfHeld(product)], circumstances).allowed,
  );
}

function asIfHeld({ productId, productType, grants, features, regions, deviceTypes }: Product): Entitlement {
  return {
    entitlementId: productId,
    accountId: '',
    productId,
    productType,
    status: 'active',
    validFrom: '1970-01-01T00:00:00.000Z',
    validUntil: null,
    heldUntil: null,
    held: true,
    grants,
    features,
    ...(regions && { regions }),
    ...(deviceTypes && { deviceTypes }),
  };
}

function sentenceFor(reason: Refusal, content: Content, outlook: Outlook): string {
  const { entitlements, circumstances } = outlook;
  const { region, deviceType, nowMs } = circumstances;
  const needed = neededFor(content, outlook);
  const also = needed ? `, with ${needed}` : '';
  switch (reason) {
    case 'not-held':
      return needed ? `Included in ${needed}.` : 'Not sold at the moment.';
    case 'not-started':
      if (content.from !== undefined && nowMs < toMs(content.from))
        return `Opens on ${dayOf(content.from)}${also}.`;
      return `Your plan for this starts on ${startOf(content, entitlements)}.`;
    case 'ended':
      if (content.until !== undefined && toMs(content.until) <= nowMs)
        return `Left on ${dayOf(content.until)}.`;
      return `Your plan for this has ended. Included in ${needed ?? 'no plan on sale'}.`;
    case 'region':
      if (!content.regions) return `Your plan does not count in ${countryName(region)}.`;
      return `Not shown in ${countryName(region)}, only in ${anyOf(content.regions.map(countryName))}${also}.`;
    case 'region-unknown':
      return `Only in ${anyOf((content.regions ?? []).map(countryName))}, and we cannot tell where you are.`;
    case 'device-type':
      return `Not ${DEVICES[deviceType]}, only ${anyOf(devicesFor(content, entitlements))}${also}.`;
    default:
      return 'No longer in the catalogue.';
  }
}

/** The products on sale that grant what the account lacks for a title, in words; `undefined` when it lacks nothing. */
function neededFor(content: Content, { catalog, entitlements, circumstances }: Outlook): string | undefined {
  const held = entitlements.filter((entitlement) => isHeld(entitlement, circumstances.nowMs));
  const lacking = content.requires.filter((tag) => !held.some(({ grants }) => grants.includes(tag)));
  const products = lacking.map((tag) => productsOnSale(catalog).find(({ grants }) => grants.includes(tag)));
  const titles = [...new Set(products.flatMap((product) => product?.title ?? []))];
  return titles.length > 0 ? titles.join(' and ') : undefined;
}

function startOf({ requires }: Content, entitlements: readonly Entitlement[]): string {
  const granting = entitlements.filter(({ grants }) => requires.some((tag) => grants.includes(tag)));
  return dayOf(
    granting
      .map(({ validFrom }) => validFrom)
      .toSorted((a, b) => toMs(a) - toMs(b))
      .at(-1)!,
  );
}

const DEVICES: Readonly<Record<DeviceType, string>> = {
  web: 'in a browser',
  mobile: 'on a phone',
  tablet: 'on a tablet',
  tv: 'on a television',
  console: 'on a games console',
};

function devicesFor(content: Content, entitlements: readonly Entitlement[]): readonly string[] {
  const granting = entitlements.filter(({ grants }) => content.requires.some((tag) => grants.includes(tag)));
  const types = content.deviceTypes ?? granting.flatMap(({ deviceTypes }) => deviceTypes ?? []);
  return [...new Set(types)].map((type) => DEVICES[type]);
}

/** Where one watches with a device: "in a browser". */
export function whereOn(type: DeviceType): string {
  return DEVICES[type];
}
