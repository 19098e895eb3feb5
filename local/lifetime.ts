/** What has been started, to be stopped in reverse. */
export interface Lifetime {
  /** Notes how to stop something that now runs. */
  stopWith(stop: () => Promise<void> | void): void;
  /** Stops everything, the latest first, even when one of them fails; then throws the first failure. */
  stop(): Promise<void>;
}

export function createLifetime(): Lifetime {
  const stops: (() => Promise<void> | void)[] = [];
  return {
    stopWith: (stop) => void stops.push(stop),
    async stop() {
      const failures: unknown[] = [];
      for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) {
        try {
          await stop();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}
