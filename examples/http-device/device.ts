import { hostname } from 'node:os';
import type { Config } from '../service.ts';

/** A name that stays the same from one start to the next: an id has at most 64 of these characters. */
export const deviceId =
  process.env['DEVICE_ID'] ?? `tv-${hostname().replaceAll(/[^A-Za-z0-9.-]/g, '-')}`.slice(0, 64);

/** Aborted by the first Ctrl-C; a second one does not wait for what is left to do. */
export function untilStopped(): AbortSignal {
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());
  return stopping.signal;
}

/** Cognito's ID tokens live for an hour by default, and are told how long. */
interface Authenticated {
  readonly AuthenticationResult: { readonly IdToken: string; readonly ExpiresIn: number };
}

/**
 * The viewer's ID token, by plain HTTP and no SDK: a device that was paired once keeps a refresh token, and asks
 * Cognito for the next ID token at half of the last one's life. @throws Error when it has to be paired again.
 */
export function pairedIdToken(
  { region, userPoolClientId, cognitoEndpoint }: Config,
  refreshToken: string,
): () => Promise<string> {
  let idToken = '';
  let renewAtMs = 0;
  return async () => {
    if (performance.now() < renewAtMs) return idToken;
    const response = await fetch(cognitoEndpoint ?? `https://cognito-idp.${region}.amazonaws.com`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-amz-json-1.1',
        'X-Amz-Target': 'AWSCognitoIdentityProviderService.InitiateAuth',
      },
      body: JSON.stringify({
        AuthFlow: 'REFRESH_TOKEN_AUTH',
        ClientId: userPoolClientId,
        AuthParameters: { REFRESH_TOKEN: refreshToken },
      }),
    });
    if (response.status === 400) throw new NotPaired();
    if (!response.ok) throw new Error(`Cognito answered ${response.status}`);
    const { AuthenticationResult: result } = (await response.json()) as Authenticated;
    renewAtMs = performance.now() + result.ExpiresIn * 500;
    idToken = result.IdToken;
    return idToken;
  };
}

/** Only pairing helps. */
export class NotPaired extends Error {
  constructor() {
    super('This device is not paired with an account any more: set REFRESH_TOKEN to what pair.ts prints.');
  }
}

/** The arguments and the variable that every device needs; without them it says how to start it, and ends. */
export function fromCommandLine(usage: string): {
  readonly configAddress: string;
  readonly contentId: string;
  readonly refreshToken: string;
  readonly further: string | undefined;
} {
  const [configAddress, contentId, further] = process.argv.slice(2);
  const refreshToken = process.env['REFRESH_TOKEN'];
  if (configAddress !== undefined && contentId !== undefined && refreshToken) {
    return { configAddress, contentId, refreshToken, further };
  }
  console.error(`Usage: REFRESH_TOKEN=… node ${usage}`);
  return process.exit(2);
}
