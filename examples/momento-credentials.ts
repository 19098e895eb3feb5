import { CredentialProvider } from '@gomomento/sdk-web';

/** What Momento's browser SDK connects with. A token cannot say that its endpoint is a plain one on this machine. */
export function credentialsFor(endpoint: string, token: string): CredentialProvider {
  if (!endpoint.startsWith('http://')) return CredentialProvider.fromDisposableToken(token);
  return CredentialProvider.fromDisposableToken({
    authToken: token,
    endpointOverrides: { cacheEndpoint: endpoint, controlEndpoint: endpoint, tokenEndpoint: endpoint },
  });
}
