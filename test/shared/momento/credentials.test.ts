import { expect, it } from 'vitest';
import { credentialsFor } from '../../../shared/momento/credentials.ts';
import { momentoForTest } from '../../support/momento.ts';

it('Momento’s own hosts are reached by TLS, at the addresses that its key belongs to', async () => {
  const key = (await momentoForTest()).mintKey('data');
  const provider = credentialsFor({ key, endpoint: 'cell-1.prod.a.momentohq.com' });
  expect(provider.getAuthToken()).toBe(key);
  expect(provider.getCacheEndpoint()).toBe('cache.cell-1.prod.a.momentohq.com');
  expect(provider.getTokenEndpoint()).toBe('token.cell-1.prod.a.momentohq.com');
  expect(provider.isEndpointSecure()).toBe(true);
});

it('a local server is reached in plain text at its own address', async () => {
  const momento = await momentoForTest();
  const provider = credentialsFor({ key: momento.mintKey('data'), endpoint: momento.url });
  const { host } = new URL(momento.url);
  expect(provider.getCacheEndpoint()).toBe(host);
  expect(provider.getTokenEndpoint()).toBe(host);
  expect(provider.isEndpointSecure()).toBe(false);
});

it('an address that only looks local is not reached in plain text', async () => {
  const key = (await momentoForTest()).mintKey('data');
  expect(credentialsFor({ key, endpoint: 'https.example' }).isEndpointSecure()).toBe(true);
});
