import { type HttpReply } from '../shared/lambda/http-messages.ts';
import { open } from '../shared/lambda/http.ts';
import { sessionKeySecrets } from '../shared/lambda/session-tokens.ts';
import type { Secrets } from '../shared/secrets.ts';
import { parseSessionKeys, publicKeysOf } from '../shared/session-tokens/session-keys.ts';

/** GET /.well-known/jwks.json: the public keys that verify session tokens, for anyone (RFC 7517). */
export function readSessionKeys({ secrets }: { readonly secrets: Secrets<'keys'> }) {
  return async (): Promise<HttpReply> => {
    const { keys } = await secrets.get();
    return {
      status: 200,
      headers: { 'Content-Type': 'application/jwk-set+json', 'Cache-Control': 'public, max-age=300' },
      body: { keys: publicKeysOf(parseSessionKeys(keys)) },
    };
  };
}

export const handler = open(readSessionKeys({ secrets: sessionKeySecrets() }));
