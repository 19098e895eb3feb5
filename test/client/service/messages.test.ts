import { expect, test } from 'vitest';
import { parseMessage, parseSnapshot } from '../../../client/src/service/messages.ts';
import { parseRenewed } from '../../../client/src/service/session-answers.ts';
import { firstSnapshot } from '../../../shared/domain/snapshots.ts';
import { catalogOf, entitlement, product } from '../../support/catalogs.ts';

const premium = entitlement({ features: { quality: 'uhd' } });
const snapshot = {
  ...firstSnapshot('ada', catalogOf([product()]), Date.parse('2026-11-22T10:00:00.000Z')),
  entitlements: [premium],
};

test('takes an answer as the service gives it, and leaves out what it does not know', () => {
  expect(parseSnapshot({ ...snapshot, later: true })).toEqual(snapshot);
});

test.for<[string, object]>([
  ['version', { version: -1 }],
  ['version', { version: 1.5 }],
  ['version', { version: '1' }],
  ['epoch', { epoch: '-1' }],
  ['epoch', { epoch: 0 }],
  ['asOf', { asOf: '2026-02-30T00:00:00.000Z' }],
  ['asOf', { asOf: 0 }],
  ['nextChangeAt', { nextChangeAt: 'never' }],
  ['entitlements.0.features', { entitlements: [{ ...premium, features: { quality: 1 } }] }],
  ['entitlements.0.features', { entitlements: [{ ...premium, features: null }] }],
  ['entitlements.0.features', { entitlements: [{ ...premium, features: 'uhd' }] }],
  ['entitlements.0.status', { entitlements: [{ ...premium, status: 'lent' }] }],
])('refuses an answer that is no snapshot, and names %s', ([path, wrong]) => {
  expect(() => parseSnapshot({ ...snapshot, ...wrong })).toThrow(`${path}: `);
});

test.for([0, -15, '15', null])(
  'refuses a lease that wants a heartbeat every %j seconds',
  (heartbeatSeconds) => {
    const lease = { sessionToken: 't', expiresAt: '2026-11-22T10:00:00.000Z' };
    expect(parseRenewed({ ...lease, heartbeatSeconds: 15 })).toEqual({
      ...lease,
      heartbeatSeconds: 15,
      degraded: false,
    });
    expect(() => parseRenewed({ ...lease, heartbeatSeconds })).toThrow('heartbeatSeconds: ');
  },
);

test('knows every kind of message by what it says', () => {
  const said = { epoch: '0', version: 2, subject: 'ada' };
  const messages = [
    { ...said, type: 'entitlement.created', data: premium },
    { ...said, type: 'entitlement.updated', data: premium },
    { ...said, type: 'entitlement.deleted', data: { entitlementId: 'sub_1' } },
    { ...said, type: 'entitlements.replaced' },
  ];
  expect(messages.map((message) => parseMessage(JSON.stringify(message)))).toEqual(messages);
  const others = [
    { type: 'session.terminated', subject: 'ada', data: {} },
    { ...messages[3], version: null },
    { ...messages[3], version: 2 ** 53 },
  ];
  for (const message of others) expect(parseMessage(JSON.stringify(message))).toBeUndefined();
});

test('takes a change that it does not understand, as of a newer service, for a call to read', () => {
  const said = { epoch: '0', version: 2, subject: 'ada' };
  const strange = [
    { ...said, type: 'entitlement.created', data: { entitlementId: 'sub_1' } },
    { ...said, type: 'entitlement.updated', data: { ...premium, status: 'lent' } },
    { ...said, type: 'entitlement.lent', data: premium },
  ];
  for (const message of strange) {
    expect(parseMessage(JSON.stringify(message))).toEqual({ ...said, type: 'entitlements.replaced' });
  }
});
