import { token } from '@gomomento/generated-types';
import type { Meter } from './limits.ts';
import { requireAdministrator, requireGrantable } from './permissions.ts';
import { unary, type Rpc } from './rpc.ts';
import { invalid } from './status.ts';
import type { Authority } from './tokens.ts';

const { _GenerateDisposableTokenResponse, UnimplementedTokenService } = token.token;

const MAX_VALIDITY_SECONDS = 25 * 60 * 60;
const MAX_TOKEN_ID_LENGTH = 64;

/**
 * `token.Token`: mints disposable tokens. The minting key travels in the request itself, not in a header.
 *
 * @param authOperations Momento allows an account 5 of them per second
 * @param endpoint the stand-in's URL, returned with each token
 */
export function tokenRpcs({
  authority,
  authOperations,
  endpoint,
  now,
}: {
  readonly authority: Authority;
  readonly authOperations: Meter;
  readonly endpoint: () => string;
  readonly now: () => number;
}): readonly Rpc[] {
  return [
    unary(
      UnimplementedTokenService.definition.GenerateDisposableToken,
      () => ({}),
      (_call, request) => {
        requireAdministrator(authority.verify(request.auth_token).grant);
        authOperations(1);
        const seconds = request.has_expires ? request.expires.valid_for_seconds : 0;
        if (!(seconds > 0)) throw invalid('A disposable token must be valid for more than 0 seconds');
        if (seconds > MAX_VALIDITY_SECONDS) throw invalid('A disposable token is valid for at most 25 hours');
        if (request.token_id.length > MAX_TOKEN_ID_LENGTH)
          throw invalid('A token id has at most 64 characters');
        if (!request.has_permissions) throw invalid('A disposable token needs permissions');
        requireGrantable(request.permissions);

        // Rounded down: a token may end within its last second, never after it.
        const expiresAtSeconds = Math.floor(now() / 1000) + seconds;
        return new _GenerateDisposableTokenResponse({
          api_key: authority.mintToken({
            permissions: request.permissions.serialize(),
            tokenId: request.token_id,
            expiresAtSeconds,
          }),
          endpoint: endpoint(),
          valid_until: expiresAtSeconds,
        });
      },
    ),
  ];
}
