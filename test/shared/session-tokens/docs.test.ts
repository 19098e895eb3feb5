import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { decodeJwt } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readSessionKeys } from '../../../functions/read-session-keys.ts';
import { open } from '../../../shared/lambda/http.ts';
import { parseSessionKeys } from '../../../shared/session-tokens/session-keys.ts';
import { bundled } from '../../lib/bundling/scratch.ts';
import { invoke } from '../../support/lambda-events.ts';
import { grant, instance } from './world.ts';

const page = await readFile(new URL('../../../docs/session-tokens.md', import.meta.url), 'utf8');

function snippet(language: string): string {
  const [, code] = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(page) ?? [];
  if (code === undefined) throw new Error(`docs/session-tokens.md shows no ${language}`);
  return code;
}

/** What `GET /.well-known/jwks.json` of this instance answers, on loopback. */
async function jwksAddress({ secrets }: ReturnType<typeof instance>): Promise<string> {
  const handler = open(readSessionKeys({ secrets }));
  const server = createServer((_, response) => {
    void invoke(handler, { resource: '/.well-known/jwks.json' }).then(({ statusCode, headers, body }) =>
      response.writeHead(statusCode, headers as Record<string, string>).end(body),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/.well-known/jwks.json`;
}

type MayPlay = (token: string, contentId: string) => Promise<unknown>;

async function documentedCheck(keysAddress: string): Promise<MayPlay> {
  const code = snippet('js').replace('https://api.example/prod/.well-known/jwks.json', keysAddress);
  expect(code).toContain(keysAddress);
  const { mayPlay } = await (await bundled(code)).load();
  return mayPlay as MayPlay;
}

/** A third party's clock is the real one. */
const live = { ...grant, expiresAtMs: Math.floor(Date.now() / 1000) * 1000 + 3_600_000 };

describe('docs/session-tokens.md', () => {
  it('shows a check that takes a token for the content that it was made for', async () => {
    const stage = instance();
    const mayPlay = await documentedCheck(await jwksAddress(stage));
    expect(await mayPlay(await stage.sign(live), 'nightfall')).toMatchObject({
      sub: 'ada',
      deviceId: 'television',
    });
    await expect(mayPlay(await stage.sign(live), 'daybreak')).rejects.toThrow('other content');
  });

  it('shows a check that refuses what has expired, another stage’s and a forger’s', async () => {
    const stage = instance();
    const mayPlay = await documentedCheck(await jwksAddress(stage));
    const { current } = stage.keys;
    const expired = { ...live, expiresAtMs: live.expiresAtMs - 7_200_000 };
    const other = { ...stage.keys, stageName: 'dev' };
    const forged = await instance({
      current: { ...current, ...instance().keys.current, kid: current.kid },
    }).sign(live);
    await expect(mayPlay(await stage.sign(expired), 'nightfall')).rejects.toMatchObject({
      code: 'ERR_JWT_EXPIRED',
    });
    await expect(mayPlay(await instance(other).sign(live), 'nightfall')).rejects.toMatchObject({
      code: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
    });
    await expect(mayPlay(forged, 'nightfall')).rejects.toMatchObject({
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    });
  });

  it('lists every claim of a token', async () => {
    const listed = [...page.matchAll(/^\| (`.*?) \|/gm)].flatMap(
      ([, names = '']) => names.match(/\w+/g) ?? [],
    );
    expect(listed.toSorted()).toEqual(Object.keys(decodeJwt(await instance().sign(live))).toSorted());
  });

  it('shows how to make a key that signs', async () => {
    const { stdout } = await promisify(execFile)('sh', ['-c', snippet('sh')]);
    const { current } = parseSessionKeys(`{"current":${stdout}}`);
    const { sign, verify } = instance({ current });
    expect(await verify(await sign(grant))).toEqual(grant);
  });
});
