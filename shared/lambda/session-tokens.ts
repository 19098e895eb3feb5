import { setting } from '../env.ts';
import type { SessionTokens } from '../ports.ts';
import { secretsFromSsm, type Secrets } from '../secrets.ts';
import { sessionTokens } from '../session-tokens/session-tokens.ts';
import { noteMissing } from './log.ts';

/** The stage's session tokens, with the keys that its setting names the parameter of. */
export function stageSessionTokens(): SessionTokens {
  return sessionTokens({ secrets: sessionKeySecrets(), stageName: setting('STAGE_NAME') });
}

/** The text of the parameter `session-keys`. */
export function sessionKeySecrets(): Secrets<'keys'> {
  return secretsFromSsm({ parameters: { keys: setting('SESSION_KEYS_PARAMETER') }, warn: noteMissing });
}
