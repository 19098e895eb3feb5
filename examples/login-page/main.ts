/**
 * Signs in, subscribes to the account's topic, and only then reads what the account holds, so that no change falls
 * between the two. From then on a message changes the page at once.
 */
import { answered, askAs, pause, readConfig, renewAfterSeconds, type Ask, type Grant } from '../service.ts';
import { idTokenOf, signIn } from '../sign-in.ts';
import { apply, changeOf, isNewer, type Point, type Snapshot } from './entitlements.ts';
import { readCache, subscribe } from './momento.ts';
import { onSignIn, say, show, type Catalog } from './page.ts';

const config = await readConfig('/config.json');
const catalog = await answered<Catalog>(await fetch(`${config.apiUrl}/catalog`));
onSignIn(config.demoUser, async (email, password) => {
  const user = await signIn(config, email, password);
  void follow(askAs({ apiUrl: config.apiUrl, idToken: () => idTokenOf(user) }));
});

/** Follows the account for as long as the page is open. */
async function follow(ask: Ask): Promise<void> {
  let held: Snapshot | undefined;
  /** The newest that a message spoke of, held or not. */
  let heard: Point | undefined;
  let reading = false;
  let close = () => {};
  let failures = 0;

  for (;;) {
    const broken = new AbortController();
    try {
      const grant = await answered<Grant>(await ask('/token?cache=true'));
      // Before the last one is closed: what is heard twice changes nothing, what is heard by none would be missed.
      const closeThis = await subscribe(grant, { hear, onBroken: () => broken.abort() });
      close();
      close = closeThis;
      adopt((await readCache(grant)) ?? (await answered<Snapshot>(await ask('/entitlements'))));
      await catchUp();
      failures = 0;
      say(`Live as ${grant.userId}`);
      await pause(renewAfterSeconds(grant), broken.signal);
      if (broken.signal.aborted) throw new Error('The subscription broke off');
    } catch (error) {
      say(`${String(error)}. Trying again.`);
      failures += 1;
      await pause(Math.random() * Math.min(60, 2 ** failures)); // not every page at the same moment
    }

    function hear(text: string): void {
      const change = changeOf(text);
      if (!change || (held && !isNewer(change, held))) return;
      if (!heard || isNewer(change, heard)) heard = change;
      const next = held && apply(held, change);
      if (next) adopt(next);
      else if (held) catchUp().catch(() => broken.abort());
    }
  }

  /** Never goes back to what is older than what is shown. */
  function adopt(read: Snapshot): void {
    if (held && !isNewer(read, held)) return;
    held = read;
    show(held, catalog);
  }

  /** The newest that was spoken of, where it is not held yet. */
  function missing(): Point | undefined {
    return held && heard && isNewer(heard, held) ? heard : undefined;
  }

  /** Reads again what is missing: once, however many messages speak of it meanwhile. */
  async function catchUp(): Promise<void> {
    if (reading) return;
    reading = true;
    try {
      for (let asked = missing(); asked; asked = missing()) {
        adopt(await answered<Snapshot>(await ask(`/entitlements?atLeast=${asked.version}`)));
        if (missing() === asked) throw new Error('The answer is older than the message');
      }
    } finally {
      reading = false;
    }
  }
}
