import { setting } from '../env.ts';
import type { MomentoAccess } from '../momento/credentials.ts';
import { secretsFromSsm, type Secrets } from '../secrets.ts';
import { noteMissing } from './log.ts';

/** The Momento key that this setting names the parameter of, and the stage's endpoint. */
export function momentoSecrets(
  keySetting: 'MOMENTO_DATA_KEY_PARAMETER' | 'MOMENTO_SUPER_KEY_PARAMETER',
): Secrets<keyof MomentoAccess> {
  return secretsFromSsm({
    parameters: { key: setting(keySetting), endpoint: setting('MOMENTO_ENDPOINT_PARAMETER') },
    warn: noteMissing,
  });
}
