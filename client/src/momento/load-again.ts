/**
 * Loads a module once, and again after that has failed. Today's browsers remember for as long as the page lives that a
 * module could not be fetched (https://github.com/whatwg/html/issues/6768), and give the same failure for ever: so the
 * next try asks by another address of it, which the failure names in Chrome and Firefox.
 */
export function loadAgain<Module>(
  load: () => Promise<Module>,
  loadFrom: (address: string) => Promise<Module>,
): () => Promise<Module> {
  let loaded: Promise<Module> | undefined;
  let failures = 0;
  return () => {
    loaded ??= load().catch(orElsewhere);
    loaded.catch(() => {
      loaded = undefined;
    });
    return loaded;
  };

  async function orElsewhere(error: unknown): Promise<Module> {
    const [address] = /https?:\S+/.exec(String(error)) ?? [];
    if (!failures++ || address === undefined) throw error;
    return loadFrom(`${address}?again=${failures}`);
  }
}
