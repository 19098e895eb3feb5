/** The part of a worker that is needed: it answers with the `id` when so many milliseconds have passed. */
interface Sleeper {
  postMessage(message: { readonly id: number; readonly delayMs: number }): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  terminate(): void;
}

/** Calls back once after so many milliseconds, or 24 days, unless what it returns is called before. */
export type After = (delayMs: number, act: () => void) => () => void;

/** Browsers take a longer delay for none at all. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface SteadyTimers {
  readonly after: After;
  /** Keeps time with a worker from now on. */
  readonly start: () => void;
  /** Without it again: what waits is left to the page's own timers. */
  readonly stop: () => void;
}

/**
 * Timers that keep time in a tab that nobody looks at, where heartbeats would otherwise come later than leases last.
 * The worker that keeps it may be missing, so the page's own timers run beside it, and the first of both counts.
 * @param open gives a worker, or none where there can be none
 */
export function steadyTimers(open: () => Sleeper | undefined): SteadyTimers {
  const waiting = new Map<number, () => void>();
  let worker: Sleeper | undefined;
  let last = 0;

  return {
    start() {
      if (worker) return;
      worker = open();
      worker?.addEventListener('message', ({ data }) => waiting.get(Number(data))?.());
    },
    stop() {
      worker?.terminate();
      worker = undefined;
    },
    after(askedMs, act) {
      const delayMs = Math.min(askedMs, LONGEST_TIMER_MS);
      const id = ++last;
      const timer = setTimeout(fire, delayMs);
      waiting.set(id, fire);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- windows have origins, workers have none
      worker?.postMessage({ id, delayMs });
      return cancel;

      function cancel(): void {
        clearTimeout(timer);
        waiting.delete(id);
      }
      function fire(): void {
        cancel();
        act();
      }
    },
  };
}
