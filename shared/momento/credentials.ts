import { CredentialProvider, NoopMomentoLoggerFactory } from '@gomomento/sdk';

/** What connects to Momento: a key and the host it belongs to, both from SSM. */
export interface MomentoAccess {
  readonly key: string;
  /** A host name such as `cell-1.prod.a.momentohq.com`, or `http://127.0.0.1:PORT` for a local server. */
  readonly endpoint: string;
}

/** Momento's own hosts are reached by TLS; an `http://` endpoint, which only a local stage has, in plain text. */
export function credentialsFor({ key, endpoint }: MomentoAccess): CredentialProvider {
  if (!endpoint.startsWith('http://')) return CredentialProvider.fromApiKeyV2({ apiKey: key, endpoint });
  const { host } = new URL(endpoint);
  // Only this older form of credentials takes endpoints that are not derived from the key.
  const authToken = Buffer.from(JSON.stringify({ endpoint: host, api_key: key })).toString('base64');
  return CredentialProvider.fromString({
    authToken,
    endpointOverrides: {
      cacheEndpoint: host,
      controlEndpoint: host,
      tokenEndpoint: host,
      secureConnection: false,
    },
  });
}

/** The SDK's own lines are no JSON, and may hold what no log should; what goes wrong reaches us as an answer. */
export const SILENT = new NoopMomentoLoggerFactory();
