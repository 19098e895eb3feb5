import type { Content, DeviceType } from './catalog.ts';
import { isHeld, type Entitlement } from './entitlements.ts';
import { toMs } from './instants.ts';

/** Why an account may not watch something here and now. */
export type Refusal =
  | 'not-held'
  | 'not-started'
  | 'ended'
  | 'region'
  | 'region-unknown'
  | 'device-type'
  | 'unknown-content';

export type AccessDecision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: Refusal };

/** Where and when somebody wants to watch. */
export interface Circumstances {
  /** ISO 3166 country code; `undefined` when nothing says. */
  readonly region: string | undefined;
  /** Claimed by the client, hence advisory. */
  readonly deviceType: DeviceType;
  readonly nowMs: number;
}

type Limits = Pick<Content, 'regions' | 'deviceTypes'>;

/**
 * May this be watched, with these entitlements, here and now? Every tag that the content requires must be
 * granted by an entitlement that is held and that counts in this region and on this device. The reason named is
 * the first that stands in the way: the content's own limits, then what the account lacks.
 */
export function decideAccess(
  content: Content | undefined,
  entitlements: readonly Entitlement[],
  circumstances: Circumstances,
): AccessDecision {
  const refuse = (reason: Refusal) => ({ allowed: false, reason }) as const;
  if (!content) return refuse('unknown-content');

  const { nowMs } = circumstances;
  if (content.from !== undefined && nowMs < toMs(content.from)) return refuse('not-started');
  if (content.until !== undefined && toMs(content.until) <= nowMs) return refuse('ended');
  const limited = limitOf(content, circumstances);
  if (limited) return refuse(limited);

  for (const tag of content.requires) {
    const granting = entitlements.filter(({ grants }) => grants.includes(tag));
    const held = granting.filter((entitlement) => isHeld(entitlement, nowMs));
    if (held.length === 0) return refuse(whyNotHeld(granting, nowMs));
    const limits = held.map((entitlement) => limitOf(entitlement, circumstances));
    if (limits.every((limit) => limit !== undefined)) return refuse(limits[0]!);
  }
  return { allowed: true };
}

function limitOf(
  { regions, deviceTypes }: Limits,
  { region, deviceType }: Circumstances,
): Refusal | undefined {
  if (regions && region === undefined) return 'region-unknown';
  if (regions && !regions.includes(region!)) return 'region';
  if (deviceTypes && !deviceTypes.includes(deviceType)) return 'device-type';
  return undefined;
}

function whyNotHeld(granting: readonly Entitlement[], nowMs: number): Refusal {
  if (granting.some(({ validFrom }) => toMs(validFrom) > nowMs)) return 'not-started';
  return granting.length > 0 ? 'ended' : 'not-held';
}
