/** The part of the Web Locks that a claim needs. */
export interface Locks {
  request(
    name: string,
    options: { signal: AbortSignal },
    whenGranted: () => Promise<unknown>,
  ): Promise<unknown>;
}

/** Who this tab is for the service. */
export interface Identity {
  /** The hardware, as far as a page can tell: one per browser. */
  readonly deviceId: string;
  /** This tab: two tabs are two players. */
  readonly playerId: string;
  /** It is the tab that it was before a reload. */
  readonly isKept: boolean;
}

type Kept = Pick<Storage, 'getItem' | 'setItem'>;

interface World {
  /** Shared by all tabs of the browser. */
  readonly browserStorage: Kept;
  /** The tab's own, which a duplicated tab starts with a copy of. */
  readonly tabStorage: Kept;
  /** Absent in browsers without Web Locks: then every load is another player. */
  readonly locks: Locks | undefined;
  readonly userAgent: string;
  readonly newId: () => string;
  /** Aborts when a claim has waited for long enough. */
  readonly patience: () => AbortSignal;
}

const DEVICE = 'usher.deviceId';
const PLAYER = 'usher.playerId';

/**
 * The names that this tab goes by. A reload keeps them, so that it takes its own stream over; a duplicate of a tab
 * that lives becomes another player, as the first holds a lock on its name for as long as it lives.
 */
export async function identify(world: World): Promise<Identity> {
  const { browserStorage, tabStorage, newId } = world;
  const deviceId = browserStorage.getItem(DEVICE) ?? `${kindOfDevice(world.userAgent)}-${shortened(newId())}`;
  browserStorage.setItem(DEVICE, deviceId);

  const kept = tabStorage.getItem(PLAYER);
  if (kept !== null && (await claim(kept, world))) return { deviceId, playerId: kept, isKept: true };
  const playerId = `tab-${shortened(newId())}`;
  tabStorage.setItem(PLAYER, playerId);
  await claim(playerId, world);
  return { deviceId, playerId, isKept: false };
}

/**
 * Whether the name is this tab's alone, from now until it goes. Waits a little: the page before a reload may still
 * be letting go of it.
 */
function claim(playerId: string, { locks, patience }: World): Promise<boolean> {
  if (!locks) return Promise.resolve(false);
  return new Promise((resolve) => {
    const untilTheTabGoes = new Promise<never>(() => {});
    locks
      .request(`usher.player.${playerId}`, { signal: patience() }, () => {
        resolve(true);
        return untilTheTabGoes;
      })
      .catch(() => resolve(false));
  });
}

function shortened(id: string): string {
  return id.replaceAll('-', '').slice(0, 8);
}

const BROWSERS = [
  ['Edge', /Edg\//],
  ['Opera', /OPR\//],
  ['Firefox', /Firefox\//],
  ['Chrome', /Chrom(e|ium)\//],
  ['Safari', /Safari\//],
] as const;
const SYSTEMS = [
  ['Android', /Android/],
  ['iPhone', /iPhone/],
  ['iPad', /iPad/],
  ['Windows', /Windows/],
  ['Mac', /Mac OS X/],
  ['Linux', /Linux/],
] as const;

/** `Chrome-Linux`: other devices of the account show it to somebody who has to choose among them. */
function kindOfDevice(userAgent: string): string {
  const find = (kinds: typeof BROWSERS | typeof SYSTEMS) =>
    kinds.find(([, pattern]) => pattern.test(userAgent))?.[0];
  return `${find(BROWSERS) ?? 'Browser'}-${find(SYSTEMS) ?? 'device'}`;
}
