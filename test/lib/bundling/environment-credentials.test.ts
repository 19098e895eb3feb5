import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { bundled, scratchDirectory } from './scratch.ts';

// esbuild takes seconds on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 60_000 });

const READ = `
  import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
  export async function read(endpoint) {
    const client = new SSMClient({ region: 'eu-west-1', endpoint, maxAttempts: 1 });
    const { Parameters } = await client.send(new GetParametersCommand({ Names: ['a'] }));
    return Parameters;
  }`;

async function reader(): Promise<(endpoint: string) => Promise<unknown>> {
  const { read } = await (await bundled(READ)).load();
  return read as (endpoint: string) => Promise<unknown>;
}

describe('an AWS client in a bundle', () => {
  beforeEach(() => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE']) {
      vi.stubEnv(name, undefined);
    }
  });
  afterEach(() => vi.unstubAllEnvs());

  it('signs with the credentials that Lambda puts into the environment', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDENVIRONMENT');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    vi.stubEnv('AWS_SESSION_TOKEN', 'session');
    const seen: (string | string[] | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization, request.headers['x-amz-security-token']);
      response.setHeader('Content-Type', 'application/x-amz-json-1.1');
      response.end(JSON.stringify({ Parameters: [{ Name: 'a', Value: '1' }] }));
    });
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const read = await reader();
    const { port } = server.address() as AddressInfo;
    expect(await read(`http://127.0.0.1:${port}`)).toEqual([{ Name: 'a', Value: '1' }]);
    expect(seen).toEqual([expect.stringContaining('Credential=AKIDENVIRONMENT/'), 'session']);
  });

  it('looks nowhere else for credentials', async () => {
    const file = join(await scratchDirectory(), 'credentials');
    await writeFile(file, '[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = secret\n');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file);
    const read = await reader();
    await expect(read('http://127.0.0.1:9')).rejects.toMatchObject({ name: 'CredentialsProviderError' });
  });

  it('carries none of the other ways to find them', async () => {
    const [slim, plain] = await Promise.all([bundled(READ), bundled(READ, { plugins: [] })]);
    const ways =
      /credential-provider-(ini|sso|login|process|http|web-identity|imds)|nested-clients|token-providers/;
    expect(slim.files.filter((path) => ways.test(path))).toEqual([]);
    expect(slim.bytes).toBeLessThan(plain.bytes * 0.7);
  });
});
