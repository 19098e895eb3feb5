import { describe, expect, it } from 'vitest';
import { decideAccess, type Circumstances } from '../../../shared/domain/access.ts';
import type { Content } from '../../../shared/domain/catalog.ts';
import type { Entitlement } from '../../../shared/domain/entitlements.ts';
import { toMs } from '../../../shared/domain/instants.ts';
import { content, entitlement } from '../../support/catalogs.ts';

const now = '2026-11-22T10:00:00.000Z';
const [earlier, later] = ['2026-11-22T09:00:00.000Z', '2026-11-22T11:00:00.000Z'];
const here: Circumstances = { region: 'JP', deviceType: 'web', nowMs: toMs(now) };
const holding = entitlement;

function decide(
  watched: Content | undefined,
  entitlements: readonly Entitlement[],
  circumstances: Partial<Circumstances> = {},
) {
  const decision = decideAccess(watched, entitlements, { ...here, ...circumstances });
  return decision.allowed ? 'allowed' : decision.reason;
}

describe('whether something may be watched', () => {
  it.each<[string, Content | undefined, Entitlement[], Partial<Circumstances>, string]>([
    ['is allowed to who holds what it requires', content(), [holding()], {}, 'allowed'],
    ['is refused for what the catalogue does not have', undefined, [holding()], {}, 'unknown-content'],

    ['is refused before it is released', content({ from: later }), [holding()], {}, 'not-started'],
    ['is allowed from the moment of its release', content({ from: now }), [holding()], {}, 'allowed'],
    ['is refused at the moment it is withdrawn', content({ until: now }), [holding()], {}, 'ended'],
    ['is allowed until then', content({ until: later }), [holding()], {}, 'allowed'],

    ['is refused in another region', content({ regions: ['CH', 'AT'] }), [holding()], {}, 'region'],
    ['is allowed in a region it names', content({ regions: ['US', 'JP'] }), [holding()], {}, 'allowed'],
    [
      'is refused where nothing tells the region of limited content',
      content({ regions: ['JP'] }),
      [holding()],
      { region: undefined },
      'region-unknown',
    ],
    [
      'is allowed in an unknown region without a limit',
      content(),
      [holding()],
      { region: undefined },
      'allowed',
    ],
    ['is refused on another device', content({ deviceTypes: ['tv'] }), [holding()], {}, 'device-type'],
    [
      'is allowed on a device it names',
      content({ deviceTypes: ['tv'] }),
      [holding()],
      { deviceType: 'tv' },
      'allowed',
    ],

    ['is refused to who holds nothing', content(), [], {}, 'not-held'],
    ['is refused to who holds something else', content(), [holding({ grants: ['sports'] })], {}, 'not-held'],
    ['is refused before the purchase begins', content(), [holding({ validFrom: later })], {}, 'not-started'],
    ['is allowed as it begins', content(), [holding({ validFrom: now })], {}, 'allowed'],
    ['is refused when the purchase ends', content(), [holding({ heldUntil: now })], {}, 'ended'],
    [
      'is allowed within the grace',
      content(),
      [holding({ validUntil: earlier, heldUntil: later })],
      {},
      'allowed',
    ],
    [
      'is refused to who had it once and has it again later, since it will begin',
      content(),
      [holding({ heldUntil: earlier }), holding({ validFrom: later })],
      {},
      'not-started',
    ],
    [
      'is allowed by one purchase although another has ended',
      content(),
      [holding({ heldUntil: earlier }), holding()],
      {},
      'allowed',
    ],

    ['is refused where the purchase does not count', content(), [holding({ regions: ['US'] })], {}, 'region'],
    [
      'is refused where nothing tells whether it counts',
      content(),
      [holding({ regions: ['US'] })],
      { region: undefined },
      'region-unknown',
    ],
    [
      'is refused on a device for which the purchase does not count',
      content(),
      [holding({ deviceTypes: ['mobile'] })],
      {},
      'device-type',
    ],
    [
      'is allowed by the one purchase that counts here',
      content(),
      [holding({ deviceTypes: ['mobile'] }), holding({ regions: ['JP'] })],
      {},
      'allowed',
    ],
    [
      'is refused when two purchases count here only by half each',
      content(),
      [holding({ deviceTypes: ['mobile'] }), holding({ regions: ['US'] })],
      {},
      'device-type',
    ],

    [
      'is refused without every tag that it requires',
      content({ requires: ['movies', 'sports'] }),
      [holding()],
      {},
      'not-held',
    ],
    [
      'is allowed when several purchases grant the tags together',
      content({ requires: ['movies', 'sports'] }),
      [holding(), holding({ grants: ['sports'] })],
      {},
      'allowed',
    ],
    [
      'names the content’s own limit before what the account lacks',
      content({ regions: ['CH'] }),
      [],
      {},
      'region',
    ],
  ])('%s', (_, watched, entitlements, circumstances, expected) => {
    expect(decide(watched, entitlements, circumstances)).toBe(expected);
  });
});
