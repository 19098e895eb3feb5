import * as v from 'valibot';
import { parse } from './parse.ts';

const schema = v.object({
  apiUrl: v.string(),
  accountClaim: v.exactOptional(v.string()),
});

/** The part of a stage's `/config.json` that the library needs. */
export interface Config {
  /** Without a slash at its end. */
  readonly apiUrl: string;
  /** Which claim of the ID token names the account, where it is not `sub`. */
  readonly accountClaim?: string;
}

const TIMEOUT_MS = 15_000;

/** @throws Error when nothing answers there, or something that is no stage's configuration. */
export async function readConfig(url: string | URL): Promise<Config> {
  const response = await fetch(url, { cache: 'no-cache', signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${String(url)} is answered with ${response.status}`);
  const config = parse(schema, await response.json());
  return { ...config, apiUrl: new URL(config.apiUrl).href.replace(/\/$/, '') };
}
