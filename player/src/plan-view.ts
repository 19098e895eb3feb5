import { productOf, type Catalog } from '../../shared/domain/catalog.ts';
import { foldAccess, isHeld, type Entitlement, type Snapshot } from '../../shared/domain/entitlements.ts';
import { toMs } from '../../shared/domain/instants.ts';
import { button, element, part, replaceContents } from './element.ts';
import { countOf, momentOf } from './words.ts';

interface Plan {
  readonly snapshot: Snapshot | undefined;
  readonly catalog: Catalog | undefined;
  /** Titles of what is paid for and has not arrived yet. */
  readonly awaited: readonly string[];
  readonly nowMs: number;
}

interface Actions {
  /** Absent where purchases come from a real payment provider. */
  readonly onCancel: ((entitlement: Entitlement) => void) | undefined;
  readonly onRefund: ((entitlement: Entitlement) => void) | undefined;
}

/** Draws what the account holds, and what it comes to. */
export function showPlan({ snapshot, catalog, awaited, nowMs }: Plan, actions: Actions): void {
  const entitlements = snapshot?.entitlements ?? [];
  part('plan-summary', HTMLElement).textContent = snapshot
    ? summaryOf(entitlements, nowMs)
    : 'Finding out what is yours…';
  const titleOf = ({ productId }: Entitlement) =>
    (catalog && productOf(catalog, productId)?.title) ?? productId;
  replaceContents(
    part('entitlements', HTMLElement),
    ...entitlements.map((entitlement) => row(titleOf(entitlement), entitlement, nowMs, actions)),
    ...awaited.map((title) =>
      element(
        'li',
        { class: 'entitlement awaited' },
        element('h3', {}, title),
        element('p', {}, 'Paid, on its way…'),
      ),
    ),
  );
  part('plan-version', HTMLElement).textContent = snapshot
    ? `Version ${snapshot.version}, catalogue ${snapshot.catalogVersion}`
    : '';
}

function summaryOf(entitlements: readonly Entitlement[], nowMs: number): string {
  const { maxStreams, features } = foldAccess(entitlements, nowMs);
  const quality = features['quality'];
  return `${countOf(maxStreams, 'screen')} at a time${quality === undefined ? '' : `, in ${quality.toUpperCase()}`}`;
}

function row(title: string, entitlement: Entitlement, nowMs: number, actions: Actions): HTMLElement {
  const { entitlementId, productType, status } = entitlement;
  const held = isHeld(entitlement, nowMs);
  const changeable = productType !== 'free' && held;
  const act = (name: string, onPress: ((entitlement: Entitlement) => void) | undefined) =>
    onPress &&
    button(name, () => onPress(entitlement), {
      id: `${name}-${entitlementId}`,
      class: 'secondary small',
      'aria-label': `${name} ${title}`,
    });
  return element(
    'li',
    { class: held ? 'entitlement' : 'entitlement over', 'data-product': entitlement.productId },
    element('h3', {}, title),
    element('p', {}, termOf(entitlement, nowMs)),
    changeable &&
      (actions.onCancel ?? actions.onRefund) !== undefined &&
      element(
        'div',
        { class: 'row-actions' },
        status === 'active' && productType !== 'rental' && act('Cancel', actions.onCancel),
        act('Refund', actions.onRefund),
      ),
  );
}

/** Until when, and what happens then. */
function termOf(
  { productType, status, validFrom, validUntil, heldUntil }: Entitlement,
  nowMs: number,
): string {
  if (productType === 'free') return 'Everyone’s, always';
  if (nowMs < toMs(validFrom)) return `Starts ${momentOf(validFrom)}`;
  if (validUntil === null || heldUntil === null) return 'Active, with no end';
  if (toMs(heldUntil) <= nowMs) return `Ended ${momentOf(validUntil)}`;
  if (status === 'cancelled') return `Cancelled, yours until ${momentOf(validUntil)}`;
  if (toMs(validUntil) <= nowMs) return `Renewal is late, yours until ${momentOf(heldUntil)}`;
  return productType === 'rental'
    ? `Rented until ${momentOf(validUntil)}`
    : `Active, paid until ${momentOf(validUntil)}`;
}
