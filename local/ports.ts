import { once } from 'node:events';
import { createServer } from 'node:net';
import type { LocalOptions, PortName } from './stack.ts';

/** The ports that a person or a page may want to know beforehand, counted from the player's. The rest take any. */
const offsets: Partial<Readonly<Record<PortName, number>>> = {
  player: 0,
  api: 1,
  momento: 2,
  store: 3,
  cognito: 4,
  functionUrl: 5,
};

const defaultPort = 3000;

/** Reads `PORT`: where the player is, with the other servers right behind it. Throws for what is no port. */
export function portsFrom(
  text: string | undefined,
): NonNullable<LocalOptions['ports']> & { readonly player: number } {
  const player = text === undefined || text === '' ? defaultPort : Number(text);
  const highest = player + Math.max(...Object.values(offsets));
  if (!Number.isInteger(player) || player < 1024 || highest > 65_535) {
    throw new Error(
      `PORT is ${text}; it takes a number from 1024, with five more ports above it: PORT=4000 npm start`,
    );
  }
  return {
    ...Object.fromEntries(Object.entries(offsets).map(([name, offset]) => [name, player + offset])),
    player,
  };
}

/** Throws, naming the first port that something else listens on. */
export async function requireFree(ports: NonNullable<LocalOptions['ports']>): Promise<void> {
  for (const [name, port] of Object.entries(ports)) {
    const probe = createServer().listen(port, '127.0.0.1');
    try {
      await once(probe, 'listening');
    } catch (cause) {
      throw new Error(`Port ${port} (${name}) is taken. Move all of them, for example: PORT=4000 npm start`, {
        cause,
      });
    } finally {
      probe.close();
    }
  }
}
