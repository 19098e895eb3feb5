import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Directory {
  readonly path: string;
  remove(): Promise<void>;
}

/** An empty directory, until it is removed. */
export async function scratch(): Promise<Directory> {
  const path = await mkdtemp(join(tmpdir(), 'usher-examples-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/**
 * A copy of the synthesized app with `-c heartbeatSeconds=5 -c trackerIntervalSeconds=5`, the shortest that a stage
 * may have: who beats is counted by `GET /concurrency` after seconds, not minutes.
 */
export async function withShortIntervals(assembly: string): Promise<Directory> {
  const directory = await scratch();
  await cp(assembly, directory.path, { recursive: true });
  const files = await readdir(directory.path);
  const template = join(
    directory.path,
    files.find((file) => file.endsWith('.template.json'))!,
  );
  const text = await readFile(template, 'utf8');
  const short = text
    .replaceAll(/"TRACKER_INTERVAL_SECONDS": ?"60"/g, '"TRACKER_INTERVAL_SECONDS":"5"')
    .replaceAll(/"HEARTBEAT_SECONDS": ?"15"/g, '"HEARTBEAT_SECONDS":"5"');
  for (const setting of ['TRACKER_INTERVAL_SECONDS', 'HEARTBEAT_SECONDS']) {
    if (!short.includes(`"${setting}":"5"`)) throw new Error(`the template has no ${setting} to shorten`);
  }
  await writeFile(template, short);
  return directory;
}
