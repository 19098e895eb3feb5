import fc from 'fast-check';
import { DEVICE_TYPES } from '../../../shared/domain/catalog.ts';
import type { EndReason } from '../../../shared/domain/sessions.ts';
import type { SessionGrant } from '../../../shared/ports.ts';
import type { PrivateKey } from '../../../shared/session-tokens/session-keys.ts';
import { sessionTokens } from '../../../shared/session-tokens/session-tokens.ts';
import { fakeSecrets } from '../../support/secrets.ts';
import { makeSessionKey, sessionKeysText } from '../../support/session-keys.ts';

export const NOW_MS = Date.parse('2026-11-22T10:00:00.250Z');

export const grant: SessionGrant = {
  accountId: 'ada',
  session: {
    sessionId: '7f9c2ba4-e88f-4f34-b5e0-1d0f1b2c3d4e',
    deviceId: 'television',
    playerId: 'tab-1',
    contentId: 'nightfall',
    deviceType: 'tv',
    region: 'JP',
    startedAt: '2026-11-22T10:00:00.000Z',
    nonce: 'c0ffee',
    instead: { sessionId: 'an-older-one', reason: 'superseded' },
  },
  slot: 2,
  expiresAtMs: Date.parse('2026-11-22T10:00:40.000Z'),
  recheckAtMs: Date.parse('2026-12-01T00:00:00.123Z'),
  degradedUntilMs: null,
};

/** One instance of a function of the stage, and Parameter Store as it sees it. */
export function instance({
  stageName = 'prod',
  ...given
}: {
  stageName?: string;
  current?: PrivateKey;
  next?: PrivateKey;
  previous?: PrivateKey;
} = {}) {
  const keys = { current: makeSessionKey('first'), ...given };
  const secrets = fakeSecrets({ keys: sessionKeysText(keys) });
  const tokens = sessionTokens({ secrets, stageName, now: () => NOW_MS });
  return {
    sign: (granted: SessionGrant) => tokens.sign(granted),
    verify: (token: string) => tokens.verify(token),
    keys,
    secrets,
    rotate: (to: Parameters<typeof sessionKeysText>[0]) => secrets.rotate({ keys: sessionKeysText(to) }),
  };
}

const ids = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
const seconds = fc.integer({ min: 0, max: 4_000_000_000 });
const moments = fc.integer({ min: 0, max: 4_000_000_000_000 });

/** Each reason once, so that a new one cannot be forgotten. */
const REASONS = Object.keys({
  expired: 0,
  terminated: 0,
  superseded: 0,
  revoked: 0,
} satisfies Record<EndReason, 0>) as readonly EndReason[];

export const grants: fc.Arbitrary<SessionGrant> = fc.record({
  accountId: ids,
  session: fc.record({
    sessionId: fc.oneof(fc.uuid(), ids),
    deviceId: ids,
    playerId: ids,
    contentId: ids,
    deviceType: fc.constantFrom(...DEVICE_TYPES),
    region: fc.option(fc.string({ unit: 'binary', maxLength: 16 })),
    startedAt: moments.map((ms) => new Date(ms).toISOString()),
    nonce: fc.string({ unit: 'grapheme', maxLength: 32 }),
    instead: fc.option(fc.record({ sessionId: ids, reason: fc.constantFrom(...REASONS) })),
  }),
  slot: fc.option(fc.integer({ min: 1, max: 16 })),
  expiresAtMs: seconds.map((s) => s * 1000),
  recheckAtMs: moments,
  degradedUntilMs: fc.option(moments),
});
