import { Sha256 } from '@aws-crypto/sha256-js';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsAccess } from './aws.ts';

export interface SignedRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly url: URL;
  /** Sent as JSON. */
  readonly body?: object | undefined;
}

/**
 * Sends a request to an API Gateway that asks for IAM's authorization, signed with these credentials or, where none are
 * given, those of the operator's environment. Rejects as `fetch` does, and where there are no credentials.
 */
export async function signedFetch(
  { region, credentials }: { readonly region: string } & Pick<AwsAccess, 'credentials'>,
  { method, url, body }: SignedRequest,
): Promise<Response> {
  const signer = new SignatureV4({
    service: 'execute-api',
    region,
    credentials: credentials ?? defaultProvider(),
    sha256: Sha256,
  });
  const text = body && JSON.stringify(body);
  // AWS takes neither for what was signed: a space is no plus sign to it, and an asterisk has to be escaped.
  const target = new URL(url);
  target.search = url.search.replaceAll('+', '%20').replaceAll('*', '%2A');
  const { headers } = await signer.sign({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: url.host, ...(text !== undefined && { 'content-type': 'application/json' }) },
    ...(text !== undefined && { body: text }),
  });
  // `fetch` sets the host by itself, to the same.
  const { host: _host, ...sent } = headers;
  return fetch(target, { method, headers: sent, ...(text !== undefined && { body: text }) });
}
