import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cache, pubsub, token } from '@gomomento/generated-types';
import { common } from '@gomomento/generated-types/dist/common.js';
import {
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { bundled, scratchDirectory } from './scratch.ts';

// esbuild takes seconds on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 60_000 });

const TOKENS = `
  import { AuthClient, AuthClientConfigurations, CredentialProvider, DisposableTokenScopes, ExpiresIn,
    GenerateDisposableToken } from '@gomomento/sdk';
  export async function mint(endpoint) {
    const key = Buffer.from(JSON.stringify({ endpoint: 'momento.example', api_key: 'key' })).toString('base64');
    const credentialProvider = CredentialProvider.fromString({ apiKey: key, endpointOverrides: {
      cacheEndpoint: endpoint, controlEndpoint: endpoint, tokenEndpoint: endpoint, secureConnection: false } });
    const configuration = AuthClientConfigurations.Default.latest();
    const client = new AuthClient({ credentialProvider, configuration });
    const scope = DisposableTokenScopes.topicSubscribeOnly('usher-dev', 'alice');
    const answer = await client.generateDisposableToken(scope, ExpiresIn.minutes(30), { tokenId: 'alice' });
    return answer instanceof GenerateDisposableToken.Success ? answer.authToken : String(answer);
  }`;

const CACHE = `
  import { CacheClient, CacheGet, Configurations, CredentialProvider, MomentoErrorCode, ReadConcern, TopicClient,
    TopicConfigurations, TopicPublish } from '@gomomento/sdk';
  export async function touch(port) {
    const credentialProvider = CredentialProvider.forMomentoLocal({ hostname: '127.0.0.1', port });
    const configuration = Configurations.Lambda.latest().withReadConcern(ReadConcern.CONSISTENT);
    const cache = new CacheClient({ credentialProvider, configuration, defaultTtlSeconds: 60 });
    const topics = new TopicClient({ credentialProvider, configuration: TopicConfigurations.Lambda.latest() });
    const got = await cache.get('usher-dev', 'alice');
    const published = await topics.publish('usher-dev', 'alice', 'hello');
    cache.close();
    return [got instanceof CacheGet.Hit ? got.valueString() : String(got), published instanceof TopicPublish.Success,
      MomentoErrorCode.TIMEOUT_ERROR];
  }`;

describe('a bundle that mints tokens', () => {
  it('still mints them', async () => {
    const seen: string[] = [];
    const { UnimplementedTokenService, _GenerateDisposableTokenResponse: Response } = token.token;
    const port = await serve([
      UnimplementedTokenService.definition,
      {
        GenerateDisposableToken: (call: ServerUnaryCall<{ token_id: string }, unknown>, answer: Answer) => {
          seen.push(call.request.token_id);
          answer(null, new Response({ api_key: 'minted', endpoint: 'momento.example' }));
        },
      },
    ]);
    const { mint } = await (await bundled(TOKENS)).load();
    const minted = await (mint as (endpoint: string) => Promise<string>)(`127.0.0.1:${port}`);
    const { api_key: key } = JSON.parse(Buffer.from(minted, 'base64').toString('utf8')) as {
      readonly api_key: string;
    };
    expect([key, ...seen]).toEqual(['minted', 'alice']);
  });

  it('holds neither the cache nor topics, leaderboards, functions and webhooks', async () => {
    const { files } = await bundled(TOKENS);
    expect(files).toContain('@gomomento/sdk/dist/src/auth-client.js');
    const others =
      /(cacheclient|cachepubsub|leaderboard|function|webhook|data-client|pubsub-client|responses\/cache-.*)\.js$/;
    expect(files.filter((file) => others.test(file))).toEqual([]);
  });

  it('holds no .proto parser, which grpc-js could not use there anyway', async () => {
    const { files } = await bundled(TOKENS);
    expect(files.filter((file) => /proto-loader|protobufjs|^long\//.test(file))).toEqual([]);
  });

  it('is less than half of what it is without', async () => {
    const [slim, plain] = await Promise.all([
      bundled(TOKENS),
      bundled(TOKENS, { plugins: [], external: [] }),
    ]);
    expect(slim.bytes).toBeLessThan(plain.bytes / 2);
  });
});

describe('a bundle that uses the cache and topics', () => {
  it('still does, and tells answers apart by their class', async () => {
    const { UnimplementedScsService, _GetResponse, ECacheResult } = cache.cache_client;
    const { _Empty: Empty } = common;
    const { UnimplementedPubsubService } = pubsub.cache_client.pubsub;
    const port = await serve(
      [
        UnimplementedScsService.definition,
        {
          Get: (_call: unknown, answer: Answer) =>
            answer(null, new _GetResponse({ result: ECacheResult.Hit, cache_body: Buffer.from('held') })),
        },
      ],
      [
        UnimplementedPubsubService.definition,
        { Publish: (_call: unknown, answer: Answer) => answer(null, new Empty()) },
      ],
    );
    const { touch } = await (await bundled(CACHE)).load();
    expect(await (touch as (port: number) => Promise<unknown>)(port)).toEqual([
      'held',
      true,
      'TIMEOUT_ERROR',
    ]);
  });
});

describe('a version of the SDK that cannot be followed', () => {
  it.each([
    ['a name that no file of its own defines', 'exports.made = { of: "nothing" };', 'core_1.made', 'made'],
    ['the whole barrel', 'exports.made = 1;', 'Object.keys(core_1)', 'all of core_1'],
  ])('fails the build over %s', async (_case, barrel, use, named) => {
    const root = await scratchDirectory();
    const sdk = join(root, 'node_modules/@gomomento/sdk/dist/src/user.js');
    const core = join(root, 'node_modules/@gomomento/sdk-core/dist/src/index.js');
    await write(core, barrel);
    await write(
      sdk,
      `const core_1 = require("../../../sdk-core/dist/src/index.js");\nexports.used = () => ${use};\n`,
    );
    const build = bundled(`import { used } from ${JSON.stringify(sdk)}; export const handler = used;`);
    await expect(build).rejects.toThrow(`momento-slim cannot follow ${named}`);
  });
});

type Answer = sendUnaryData<unknown>;
type Service = readonly [definition: ServiceDefinition, handlers: UntypedServiceImplementation];

/** Serves on a free port of loopback until the test is over. */
async function serve(...services: readonly Service[]): Promise<number> {
  const server = new Server();
  for (const [definition, handlers] of services) server.addService(definition, handlers);
  onTestFinished(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
