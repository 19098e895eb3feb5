import type { Stage } from '../stage.ts';

/** `GET /token` */
export type Route = `${'GET' | 'POST' | 'PUT' | 'DELETE'} /${string}`;

/**
 * The share of the stage's requests a second that a route may take, so that a flood at one door leaves the others open.
 * docs/limits.md says what follows from them.
 */
const SHARES: Readonly<Record<Route, number>> = {
  // Every stream, all the time: by far the most requests of a stage.
  'POST /heartbeats': 1,
  // After an outage, and in a wave, everyone reads within minutes. Nearly every answer comes from the cache.
  'GET /entitlements': 1,
  // A page load, and a constant answer; but open to anyone.
  'GET /catalog': 0.5,
  // The evening's start. Each is some 35 items read in Momento.
  'POST /sessions': 0.5,
  'DELETE /sessions/{sessionId}': 0.5,
  // Once a month many renew at once. Whoever sends them comes back after a 429; forged ones are cheap to refuse.
  'POST /checkout-events': 0.5,
  'POST /webhooks/stripe': 0.5,
  // Momento mints 5 tokens a second until it is asked for more, and a viewer needs one in half a token's life.
  'GET /token': 0.2,
  'GET /concurrency': 0.2,
  // Cached by everyone who verifies; asked once in five minutes by each.
  'GET /.well-known/jwks.json': 0.2,
  // A button. Each press is a message in the queue that purchases wait in too.
  'POST /entitlements/recompute': 0.1,
};

/** What nobody needs often, such as support's tools. */
const SHARE_OF_OTHERS = 0.1;

/** Requests a second in the long run, and at once after a pause. */
export interface Throttle {
  readonly requestsPerSecond: number;
  readonly burst: number;
}

export function throttleOf(
  { operations }: { readonly operations: Pick<Stage['operations'], 'throttle'> },
  route: Route,
): Throttle {
  const share = SHARES[route] ?? SHARE_OF_OTHERS;
  const { requestsPerSecond, burst } = operations.throttle;
  return { requestsPerSecond: Math.ceil(requestsPerSecond * share), burst: Math.ceil(burst * share) };
}
