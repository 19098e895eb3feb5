import * as v from 'valibot';
import { parse } from './parse.ts';

const schema = v.object({ apiUrl: v.pipe(v.string(), v.url()) });

/** The part of a stage's `/config.json` that the library needs. */
export interface Config {
  /** Without a slash at its end. */
  readonly apiUrl: string;
}

const TIMEOUT_MS = 15_000;

/** @throws Error when nothing answers there, or something that is no stage's configuration. */
export async function readConfig(url: string | URL): Promise<Config> {
  const response = await fetch(url, { cache: 'no-cache', signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${String(url)} is answered with ${response.status}`);
  const { apiUrl } = parse(schema, await response.json());
  return { apiUrl: apiUrl.replace(/\/$/, '') };
}
