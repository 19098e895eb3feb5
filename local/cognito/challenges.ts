/** What the server remembers between a challenge and the response to it. Not kept across restarts. */
export interface Challenges<State> {
  /** Remembers `state` under a key of the caller's choice. */
  open(key: string, state: State, lifetimeSeconds: number): void;
  /** `undefined` when there is none or it has lapsed. */
  get(key: string): State | undefined;
  close(key: string): void;
}

export function createChallenges<State>({ now }: { now: () => number }): Challenges<State> {
  const held = new Map<string, { readonly state: State; readonly untilMs: number }>();
  return {
    open: (key, state, lifetimeSeconds) => {
      for (const [lapsed, { untilMs }] of held) if (untilMs <= now()) held.delete(lapsed);
      held.set(key, { state, untilMs: now() + lifetimeSeconds * 1000 });
    },
    get: (key) => {
      const found = held.get(key);
      return found && found.untilMs > now() ? found.state : undefined;
    },
    close: (key) => {
      held.delete(key);
    },
  };
}
