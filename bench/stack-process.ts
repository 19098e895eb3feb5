/** The local stack in a process of its own, started and told what to do by run-stack.ts. */
import { type LocalStack, startLocal } from '../local/stack.ts';
import { type RemoteCall, watchCalls } from './remote-calls.ts';

export type Order =
  /** Forgets the calls so far; `calls` will wait for the next one of this name to be answered. */
  | { readonly kind: 'watch'; readonly until: string }
  | { readonly kind: 'calls' }
  | { readonly kind: 'traffic' }
  /** Waits until so many calls of this name are under way. */
  | { readonly kind: 'await'; readonly name: string; readonly count: number }
  | { readonly kind: 'stop' };

export type Answer =
  | { readonly kind: 'ready'; readonly surroundings: Surroundings }
  | { readonly kind: 'watching' }
  | { readonly kind: 'under-way' }
  | { readonly kind: 'calls'; readonly calls: readonly RemoteCall[] }
  | { readonly kind: 'traffic'; readonly traffic: MomentoTraffic }
  | { readonly kind: 'stopped' };

/** What a client of the stack has to know. */
export interface Surroundings extends Pick<LocalStack, 'config' | 'endpoints' | 'outputs'> {
  readonly checkoutSecret: string;
  readonly stripeSecret: string;
  /** The text of the parameter `session-keys`. */
  readonly sessionKeys: string;
  readonly momentoDataKey: string;
}

/** What Momento has been asked since the stack was started; bytes are those of messages, requests and answers. */
export interface MomentoTraffic {
  readonly calls: number;
  readonly bytes: number;
}

const watch = watchCalls();
const local = await startLocal({ assembly: process.argv[2] ?? '', permissions: 'ignored' });
const { config, endpoints, outputs } = local;
let settled = Promise.resolve();

process.on('message', (order: Order) => void obey(order));
process.on('disconnect', () => process.exit()); // whoever started this is gone
tell({
  kind: 'ready',
  surroundings: {
    config,
    endpoints,
    outputs,
    checkoutSecret: parameter('checkout-secrets'),
    stripeSecret: parameter('stripe-secrets'),
    sessionKeys: parameter('session-keys'),
    momentoDataKey: parameter('momento-data-key'),
  },
});

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case 'watch':
      watch.forget();
      settled = watch.answered(order.until);
      return tell({ kind: 'watching' });
    case 'calls':
      await settled;
      return tell({ kind: 'calls', calls: watch.calls });
    case 'traffic': {
      const { requests, answers } = local.momento.countBytes();
      return tell({
        kind: 'traffic',
        traffic: { calls: local.momento.countCalls(), bytes: requests + answers },
      });
    }
    case 'await':
      await watch.underWay(order.name, order.count);
      return tell({ kind: 'under-way' });
    case 'stop':
      watch.stop();
      await local.stop();
      return tell({ kind: 'stopped' });
    default:
      throw new Error(`there is no such order: ${JSON.stringify(order)}`);
  }
}

function tell(answer: Answer): void {
  process.send?.(answer);
}

function parameter(name: string): string {
  const value = local.ssm.get(`/usher/local/${name}`);
  if (value === undefined) throw new Error(`${name} is not in Parameter Store`);
  return value;
}
