import { createUsher, type ConnectionState, type Entitlements } from '../../client/src/index.ts';

/** What the page tells of itself, in order. */
export type Told =
  | { readonly what: 'entitlements'; readonly entitlements: Entitlements }
  | { readonly what: 'connection'; readonly connection: ConnectionState }
  | { readonly what: 'message'; readonly text: string }
  | { readonly what: 'stopped'; readonly why: string };

declare global {
  // oxlint-disable-next-line no-var -- the only way to declare what is global
  var idToken: string;
  /** The test listens here, from before the page's first script, across reloads. */
  function tell(told: Told): Promise<void>;
}

/** Follows one account by the packed library's own entry, and does nothing else. */
const usher = createUsher({ configUrl: '/config.json', idToken: async () => globalThis.idToken });
usher.on('entitlements', ({ now }) => void tell({ what: 'entitlements', entitlements: now }));
usher.on('connection', (connection) => void tell({ what: 'connection', connection }));
usher.on('message', ({ text }) => void tell({ what: 'message', text }));
usher.on('stopped', (why) => void tell({ what: 'stopped', why: String(why) }));
usher.start();
