/** Whatever is decided in a run, the next byte decides it; after the last one everything goes as well as it can. */
export interface Tape {
  readonly isOver: boolean;
  /** 0 up to, but not, `n`. */
  choose(n: number): number;
  /** One of these, the first of which is the plainest. */
  pick<const T>(from: readonly T[]): T;
  end(): void;
}

export function createTape(bytes: Uint8Array): Tape {
  let position = 0;
  const choose = (n: number) => (bytes[position++] ?? 0) % n;
  return {
    get isOver() {
      return position >= bytes.length;
    },
    choose,
    pick: (from) => from[choose(from.length)]!,
    end() {
      position = bytes.length;
    },
  };
}
