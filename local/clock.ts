/** A clock that can be put forward, for this process and the threads of functions alike. */
export interface Clock {
  /** Holds by how many ms it is ahead of the machine's. */
  readonly memory: SharedArrayBuffer;
  /** Puts it forward, for everybody who follows it, at once. At most 24 days in all. */
  advance(ms: number): void;
}

export function createClock(): Clock {
  const memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  return {
    memory,
    advance(ms) {
      Atomics.add(new Int32Array(memory), 0, Math.ceil(ms));
    },
  };
}

/**
 * From now on this thread's `Date` goes by the clock: what the stand-ins' packages and a function's bundle read as well.
 * Timers do not.
 *
 * @returns what gives the thread the machine's clock back
 */
export function followClock({ memory }: Pick<Clock, 'memory'>): () => void {
  const { Date: machines } = globalThis;
  const ahead = new Int32Array(memory);
  const now = () => machines.now() + Atomics.load(ahead, 0);
  globalThis.Date = new Proxy(machines, {
    apply: () => new machines(now()).toString(),
    construct: (target, given: unknown[], newTarget) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget) as Date,
    get: (target, name) => (name === 'now' ? now : (Reflect.get(target, name) as unknown)),
  });
  return () => {
    globalThis.Date = machines;
  };
}
