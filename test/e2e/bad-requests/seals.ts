import { createHmac } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Ask } from './asks.ts';
import type { BadWorld } from './bad-world.ts';
import { brokenIdTokens } from './broken-tokens.ts';

/** Who vouches for a request. */
export type Seal = 'viewer' | 'checkout' | 'stripe' | 'support' | 'momento' | 'none';

type Headers = readonly (readonly [name: string, value: string])[];

/** What goes into a webhook's signature, or is left out of its headers. */
interface Signing {
  readonly at: string;
  readonly secret: string | undefined;
  readonly body: Buffer;
  readonly version: string;
  /** What is shown of the right one. */
  readonly shown: (right: string) => readonly string[];
  readonly without: 'id' | 'time' | 'signature' | undefined;
}

const nowSeconds = () => Math.floor(Date.now() / 1000);

/** A signature that must not be taken, by what is wrong with it. */
export const BROKEN_SIGNATURES: Readonly<Record<string, Partial<Signing>>> = {
  none: { without: 'signature' },
  'no time': { without: 'time' },
  'no id': { without: 'id' },
  'a time that is none': { at: '1e3x' },
  'a time far ahead': { at: '99999999999999999999' },
  'a time before 1970': { at: '-1' },
  'an old time': { at: String(nowSeconds() - 3600) },
  'an empty one': { shown: () => [''] },
  'one of another version': { version: 'v9' },
  'one by another secret': { secret: 'whsec_c29tZWJvZHkgZWxzZQ==' },
  'one of another body': { body: Buffer.from('{}') },
  'one that is cut': { shown: (right) => [right.slice(0, -5)] },
  'a hundred wrong ones': { shown: () => Array.from({ length: 100 }, () => 'A'.repeat(64)) },
  'one in other bytes': { shown: () => ['\xff\xfe'] },
};

/** Those that mean something to whoever is sealed so: Stripe's have no id. */
export function brokenSignatures(seal: Seal): readonly string[] {
  if (seal !== 'checkout' && seal !== 'stripe') return [];
  return Object.keys(BROKEN_SIGNATURES).filter((how) => seal === 'checkout' || how !== 'no id');
}

/** The headers that vouch for a request, right but for what is said to be broken. */
export function sealOf(
  world: BadWorld,
  seal: Seal,
  {
    body,
    token,
    signature,
  }: { readonly body: Buffer; readonly token?: string | undefined; readonly signature?: string | undefined },
): Headers {
  if (seal === 'none' || seal === 'support') return []; // who signs a whole request does it last
  if (seal === 'momento') return [['authorization', world.momentoToken]];
  if (seal === 'viewer') {
    const shown = token === undefined ? `Bearer ${world.viewer.idToken}` : brokenIdTokens[token]!(world);
    return shown === undefined ? [] : [['authorization', shown]];
  }
  const signing: Signing = {
    at: String(nowSeconds()),
    secret: undefined,
    body,
    version: 'v1',
    shown: (right) => [right],
    without: undefined,
    ...BROKEN_SIGNATURES[signature ?? ''],
  };
  return seal === 'stripe' ? byStripe(world, signing) : byStandardWebhooks(world, signing);
}

/** https://docs.stripe.com/webhooks#verify-manually */
function byStripe({ stripeSecret }: BadWorld, { at, secret = stripeSecret, ...signing }: Signing): Headers {
  if (signing.without === 'signature') return [];
  const right = createHmac('sha256', secret).update(`${at}.`).update(signing.body).digest('hex');
  const signatures = signing.shown(right).map((shown) => `${signing.version}=${shown}`);
  const time = signing.without === 'time' ? [] : [`t=${at}`];
  return [['stripe-signature', [...time, ...signatures].join()]];
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
function byStandardWebhooks(
  { checkoutSecret }: BadWorld,
  { at, secret = checkoutSecret, ...signing }: Signing,
): Headers {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const id = 'msg_bad';
  const right = createHmac('sha256', key).update(`${id}.${at}.`).update(signing.body).digest('base64');
  const signatures = signing.shown(right).map((shown) => `${signing.version},${shown}`);
  const headers = [
    ['id', 'webhook-id', id],
    ['time', 'webhook-timestamp', at],
    ['signature', 'webhook-signature', signatures.join(' ')],
  ] as const;
  return headers.flatMap(([what, name, value]) => (what === signing.without ? [] : [[name, value] as const]));
}

/** As somebody of support's who is allowed everything: a signature covers the method, the path and the body. */
export async function signedBySupport({ stack }: BadWorld, { url, method, body }: Ask): Promise<Headers> {
  const signer = new SignatureV4({
    service: 'execute-api',
    region: stack.config.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    sha256: Sha256,
  });
  const [, host = '', path = '/', query = ''] = /^http:\/\/([^/]+)([^?]*)\??(.*)$/s.exec(url) ?? [];
  const { headers } = await signer.sign({
    method,
    protocol: 'http:',
    hostname: host,
    path,
    query: Object.fromEntries(new URLSearchParams(query)),
    headers: { host },
    ...(body && { body }),
  });
  return Object.entries(headers);
}
