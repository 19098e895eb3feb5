import { expect, test } from 'vitest';
import {
  apply,
  changeOf,
  isNewer,
  type Change,
  type Entitlement,
  type Snapshot,
} from '../../examples/login-page/entitlements.ts';

const premium: Entitlement = {
  entitlementId: 'sub-1',
  productId: 'premium',
  status: 'active',
  validUntil: null,
  held: true,
  grants: ['movies'],
};
const held: Snapshot = { epoch: '0', version: 7, entitlements: [premium] };
const deleted = (epoch: string, version: number): Change => ({
  type: 'entitlement.deleted',
  epoch,
  version,
  data: { entitlementId: 'sub-1' },
});

test('the next version is applied', () => {
  const cancelled = { ...premium, status: 'cancelled' };
  expect(apply(held, { type: 'entitlement.updated', epoch: '0', version: 8, data: cancelled })).toEqual({
    epoch: '0',
    version: 8,
    entitlements: [cancelled],
  });
  expect(apply(held, deleted('0', 8))?.entitlements).toEqual([]);
});

test('a message calls for a read when one was missed before it, in another epoch, and when it carries nothing', () => {
  expect(apply(held, deleted('0', 9))).toBeUndefined();
  expect(apply(held, deleted('1', 8))).toBeUndefined();
  expect(apply(held, { type: 'entitlements.replaced', epoch: '0', version: 8 })).toBeUndefined();
});

test('the epoch counts before the version', () => {
  expect(isNewer({ epoch: '10', version: 1 }, { epoch: '9', version: 7 })).toBe(true);
  expect(isNewer({ epoch: '0', version: 7 }, held)).toBe(false);
});

test('the end of a session is no change of entitlements', () => {
  expect(changeOf(JSON.stringify({ type: 'session.terminated', data: {} }))).toBeUndefined();
});
