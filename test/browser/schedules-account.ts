import { isDeepStrictEqual } from 'node:util';
import type { Snapshot } from '../../client/src/index.ts';
import type { LocalStack } from '../../local/stack.ts';
import { loadCatalog } from '../../shared/catalog.ts';
import { parseCheckoutEvent } from '../../shared/checkout-event.ts';
import { entitlementsOf, nextChangeAt } from '../../shared/domain/entitlements.ts';
import { toMs } from '../../shared/domain/instants.ts';
import { latestOf, type Purchase } from '../../shared/domain/purchases.ts';
import type { Tape } from '../client/entitlements/model/tape.ts';
import { buy, checkoutEvent, newViewer, snapshotOf } from '../e2e/support.ts';

/** One account of the running product, and what happens to it there. */
export interface Account {
  readonly idToken: string;
  /** The store reports a purchase as it is now, or, late, as it once was. */
  report(): Promise<void>;
  /** A change is to come of which nobody is told: a page learns of it when it asks. */
  readonly isUnannounced: boolean;
  /** What may have been missed was asked for. */
  asked(): void;
  /** Whether these are the entitlements that everything reported comes to, now and for some seconds. */
  isEverythingIn(snapshot: Snapshot): boolean;
  read(): Promise<Snapshot>;
  /** Somebody who publishes was not sure that it had worked, and does it again, late. */
  sayAgain(text: string): Promise<void>;
  /** Momento turns the next call of this kind about the account away, or carries it out and says that it did not. */
  failNext(rpc: 'Publish' | 'Subscribe' | 'Get'): void;
  loseCached(): Promise<void>;
}

interface World {
  readonly stack: LocalStack;
  readonly tape: Tape;
  readonly note: (what: string) => void;
}

const CACHE = 'usher-local';
/** A boundary in time that is nearer than this is waited for. */
const SOON_MS = 60_000;

const catalog = loadCatalog();

export async function newAccount({ stack, tape, note }: World): Promise<Account> {
  const viewer = await newViewer(stack);
  const { accountId, idToken } = viewer;
  const purchases: Purchase[] = [];
  let isUnannounced = false;

  return {
    idToken,
    get isUnannounced() {
      return isUnannounced;
    },
    async report() {
      const event = draw();
      const purchase = parseCheckoutEvent(event, catalog);
      const product = catalog.products.find(({ productId }) => productId === purchase.productId)!;
      purchases.push(purchase);
      isUnannounced ||= !purchase.notify || !product.notify;
      note(`reports ${JSON.stringify(event)}`);
      await buy(stack, event);
    },
    asked() {
      isUnannounced = false;
    },
    isEverythingIn({ entitlements }) {
      const nowMs = Date.now();
      const reported = entitlementsOf(accountId, latestOf(purchases), catalog, nowMs);
      const next = nextChangeAt(reported, nowMs);
      const isSettled = next === null || toMs(next) - nowMs > SOON_MS;
      return isSettled && isDeepStrictEqual(entitlements, reported);
    },
    read: () => snapshotOf(stack, viewer),
    async sayAgain(text) {
      const topic = `${stack.momento.url}/topics/${CACHE}/${accountId}`;
      const said = await fetch(topic, { method: 'POST', headers: dataKey(), body: text });
      if (said.status !== 503) await done(said); // it may meet a failure that was asked for
    },
    failNext(rpc) {
      const takesEffect = rpc === 'Publish' && tape.choose(2) === 1;
      stack.momento.fail({ rpc, key: accountId, code: 'UNAVAILABLE', takesEffect });
    },
    async loseCached() {
      const item = `${stack.momento.url}/cache/${CACHE}?key=${accountId}`;
      await done(await fetch(item, { method: 'DELETE', headers: dataKey() }));
    },
  };

  function draw() {
    const nowMs = Date.now();
    const inMs = (ms: number) => new Date(nowMs + ms).toISOString();
    const status = tape.pick(['active', 'active', 'active', 'refunded', 'cancelled', 'paused']);
    return checkoutEvent(accountId, {
      purchaseId: tape.pick(['p1', 'p2', 'p3']),
      productId: tape.pick(['premium', 'sports', 'nightfall-48h', 'summer-pass']),
      status,
      occurredAt: inMs(tape.pick([0, 0, 0, -60_000])),
      revision: purchases.length,
      validFrom: inMs(tape.pick([-60_000, -60_000, 1500])),
      validUntil: status === 'cancelled' ? inMs(tape.pick([2500, 3_600_000])) : null,
      notify: tape.choose(8) !== 7,
    });
  }

  function dataKey(): Readonly<Record<string, string>> {
    return { authorization: stack.ssm.get('/usher/local/momento-data-key')! };
  }
}

async function done(response: Response): Promise<void> {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
}
