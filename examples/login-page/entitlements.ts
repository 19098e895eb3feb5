/** What an account holds by one purchase. */
export interface Entitlement {
  readonly entitlementId: string;
  readonly productId: string;
  readonly status: string;
  readonly validUntil: string | null;
  /** Whether it counts now: its start and its end are announced like any other change. */
  readonly held: boolean;
  /** Tags that titles require. */
  readonly grants: readonly string[];
}

/** Where something stands in the account's history; an epoch begins when the service's table was restored. */
export interface Point {
  readonly epoch: string;
  readonly version: number;
}

/** The account's whole answer: the cache item, and `GET /entitlements`. */
export interface Snapshot extends Point {
  readonly entitlements: readonly Entitlement[];
}

/** A message on the account's topic that changes what it holds; each is the next version. */
export type Change = Point &
  (
    | { readonly type: 'entitlement.created' | 'entitlement.updated'; readonly data: Entitlement }
    | { readonly type: 'entitlement.deleted'; readonly data: Pick<Entitlement, 'entitlementId'> }
    | { readonly type: 'entitlements.replaced' }
  );

/** Undefined for another kind of message, such as `session.terminated`. */
export function changeOf(text: string): Change | undefined {
  const message = JSON.parse(text) as Change;
  return message.type.startsWith('entitlement') ? message : undefined;
}

export function isNewer(a: Point, b: Point): boolean {
  return (Number(a.epoch) - Number(b.epoch) || a.version - b.version) > 0;
}

/** The snapshot after the change; undefined where one was missed in between, or it has to be read anew. */
export function apply(held: Snapshot, change: Change): Snapshot | undefined {
  const isNext = change.epoch === held.epoch && change.version === held.version + 1;
  if (!isNext || change.type === 'entitlements.replaced') return undefined;
  const { version, data } = change;
  const others = held.entitlements.filter(({ entitlementId }) => entitlementId !== data.entitlementId);
  return {
    ...held,
    version,
    entitlements: change.type === 'entitlement.deleted' ? others : [...others, change.data],
  };
}
