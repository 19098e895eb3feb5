import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** What a signature covers, as it came over the wire. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query as they stand in the request line. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** The `Authorization` header of AWS's signatures, version 4. */
export interface Credential {
  readonly accessKeyId: string;
  /** `20261122` */
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const SHAPE =
  /^AWS4-HMAC-SHA256 +Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request, *SignedHeaders=([^,\s]+), *Signature=([0-9a-f]{64})$/;

export function readCredential(authorization: string): Credential | undefined {
  const parts = SHAPE.exec(authorization);
  if (!parts) return undefined;
  const [, accessKeyId = '', day = '', region = '', service = '', headers = '', signature = ''] = parts;
  return { accessKeyId, day, region, service, signedHeaders: headers.split(';'), signature };
}

/**
 * Which of the request's headers the signature had to cover and does not, or covers though they are not there; or the
 * list itself, if its names do not stand in their order. AWS wants the host and every `x-amz-…` header to be signed.
 */
export function misstated({ signedHeaders }: Credential, { headers }: SignedRequest): string | undefined {
  const sent = new Set(headers.map(([name]) => name.toLowerCase()));
  const needed = ['host', 'x-amz-date', ...[...sent].filter((name) => name.startsWith('x-amz-'))];
  const ordered = [...new Set(signedHeaders)].toSorted(compare);
  return (
    needed.find((name) => !signedHeaders.includes(name)) ??
    signedHeaders.find((name) => !sent.has(name)) ??
    signedHeaders.find((name, index) => name !== ordered[index])
  );
}

/**
 * Whether whoever holds this secret has signed exactly this request.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function isSignedWith(
  secretAccessKey: string,
  { day, region, service, signedHeaders, signature }: Credential,
  request: SignedRequest,
): boolean {
  const { path, query } = partsOf(request.target);
  const canonical = [
    request.method,
    canonicalPath(path),
    canonicalQuery(query),
    ...signedHeaders.map((name) => `${name}:${valueOf(request, name) ?? ''}`),
    '',
    signedHeaders.join(';'),
    sha256(request.body),
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', valueOf(request, 'x-amz-date'), scope, sha256(canonical)].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<Buffer | string>(
    (secret, part) => hmac(secret, part),
    `AWS4${secretAccessKey}`,
  );
  return timingSafeEqual(hmac(key, text), Buffer.from(signature, 'hex'));
}

/** A header's value as it is signed. */
export function valueOf({ headers }: Pick<SignedRequest, 'headers'>, wanted: string): string | undefined {
  const values = headers.filter(([name]) => name.toLowerCase() === wanted);
  if (values.length === 0) return undefined;
  return values.map(([, value]) => value.trim().replaceAll(/ +/g, ' ')).join(',');
}

/** A query goes on after a question mark of its own. */
function partsOf(target: string): { readonly path: string; readonly query: string } {
  const [path = '/', ...queries] = target.split('?');
  return { path, query: queries.join('?') };
}

/** Encoded once more than it was sent, as by every service but S3. */
function canonicalPath(path: string): string {
  return path.split('/').map(encoded).join('/');
}

function canonicalQuery(query: string): string {
  // A plus sign is itself to a signature, and no space as in forms.
  return [...new URLSearchParams(query.replaceAll('+', '%2B'))]
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .toSorted(([a, x], [b, y]) => (a === b ? compare(x, y) : compare(a, b)))
    .map((pair) => pair.join('='))
    .join('&');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** RFC 3986: nothing but letters, digits and `-._~` stays. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
