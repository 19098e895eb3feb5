/** Calls whoever has asked to be told of an event. What one listener throws keeps nothing from the others. */
export interface Listeners<Events> {
  /** Returns what takes the listener away again. */
  readonly on: <Type extends keyof Events>(type: Type, listener: (event: Events[Type]) => void) => () => void;
  readonly isHeard: (type: keyof Events) => boolean;
  readonly tell: <Type extends keyof Events>(type: Type, event: Events[Type]) => void;
}

export function createListeners<Events>(): Listeners<Events> {
  const known = new Map<keyof Events, Set<(event: never) => void>>();
  return {
    on(type, listener) {
      const listeners = known.get(type) ?? new Set();
      known.set(type, listeners.add(listener));
      return () => listeners.delete(listener);
    },
    isHeard: (type) => !!known.get(type)?.size,
    tell(type, event) {
      for (const listener of known.get(type) ?? []) {
        try {
          (listener as (told: typeof event) => void)(event);
        } catch (error) {
          queueMicrotask(() => {
            throw error; // to whoever watches the page's errors, when everyone is told
          });
        }
      }
    },
  };
}
