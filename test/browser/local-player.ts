import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startLocal, type LocalStack } from '../../local/stack.ts';
import { buildPlayer } from '../../player/build.ts';
import { smallClip } from './small-clip.ts';

export interface LocalPlayer {
  readonly stack: LocalStack;
  /** Everything the runner reported so far: the codes that confirm sign-ups, too. */
  readonly reported: readonly string[];
  stop(): Promise<void>;
}

interface Where {
  /** The directory of the synthesized app. */
  readonly assembly: string;
  /** The port of the page's origin, which the assembly names. */
  readonly playerPort: number;
  /** The files of the clip that is played; a small one unless told otherwise. */
  readonly clip?: () => Promise<ReadonlyMap<string, Uint8Array>>;
}

/** The synthesized app on this machine, with the demo player as it is built now. */
export async function startLocalPlayer({
  assembly,
  playerPort,
  clip = smallClip,
}: Where): Promise<LocalPlayer> {
  const playerDir = await mkdtemp(join(tmpdir(), 'usher-player-'));
  for (const [path, contents] of [...(await buildPlayer()), ...(await clip())]) {
    const file = join(playerDir, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, contents);
  }
  const reported: string[] = [];
  const stack = await startLocal({
    assembly,
    playerDir,
    ports: { player: playerPort },
    report: (line) => reported.push(line),
  });
  return {
    stack,
    reported,
    async stop() {
      await stack.stop();
      await rm(playerDir, { recursive: true, force: true });
    },
  };
}
