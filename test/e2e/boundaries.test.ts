import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import type { Entitlement } from '../../shared/domain/entitlements.ts';
import { admitted } from './session-support.ts';
import { buy, checkoutEvent, listen, newViewer, startStack, tokensOf, type Listener } from './support.ts';

let stack: LocalStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();

/** The account's message that the purchase is held, or is no longer. Nobody reads meanwhile. */
function heldBecomes(player: Listener, entitlementId: string, held: boolean) {
  return player.until(({ data }) => {
    const changed = data as Partial<Entitlement>;
    return changed.entitlementId === entitlementId && changed.held === held;
  });
}

test('a purchase that starts later is announced when it does, without anybody reading', async () => {
  const viewer = await newViewer(stack);
  const player = await listen(await tokensOf(stack, viewer));
  const validFrom = inMs(2000);
  await buy(stack, checkoutEvent(viewer.accountId, { purchaseId: 'later', validFrom }));
  const started = await heldBecomes(player, 'later', true);
  expect(Date.parse(started.time)).toBeGreaterThanOrEqual(Date.parse(validFrom));
  player.stop();
});

test('a rental that ends is announced at that moment, and who watches it is told to stop', async () => {
  const viewer = await newViewer(stack);
  const player = await listen(await tokensOf(stack, viewer));
  const rental = checkoutEvent(viewer.accountId, { purchaseId: 'rental', productId: 'nightfall-48h' });
  await buy(stack, rental);
  await heldBecomes(player, 'rental', true);
  const { sessionId } = await admitted(stack, viewer, { deviceId: 'tv', contentId: 'nightfall' });

  const validUntil = inMs(3000);
  await buy(stack, { ...rental, id: 'evt-2', revision: 2, validUntil });
  const ended = await heldBecomes(player, 'rental', false);
  expect(ended.type).toBe('entitlement.updated');
  expect(Date.parse(ended.time)).toBeGreaterThanOrEqual(Date.parse(validUntil));
  const told: unknown = await player.until(({ type }) => (type as string) === 'session.terminated');
  expect(told).toMatchObject({ data: { sessionId, deviceId: 'tv', reason: 'revoked' } });
  player.stop();
});
