import { z } from 'zod';

export interface UrlAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer | string;
}

const headerValue = z.union([z.string(), z.number(), z.boolean()]).transform(String);

/** What else is in it has no effect: format 2.0 knows no `multiValueHeaders`. */
const withStatus = z.object({
  statusCode: z.int().min(200).max(599),
  headers: z.record(z.string(), headerValue).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** They belong to the connection, which is Lambda's and not the function's. */
const ofTheConnection = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Reads what a function returned, as JSON: an object with a `statusCode` says the whole answer; anything else is the
 * body of a 200. Undefined for a `statusCode` beside which nothing fits the format.
 */
export function readUrlResponse(payload: string): UrlAnswer | undefined {
  const returned: unknown = JSON.parse(payload);
  if (typeof returned !== 'object' || returned === null || !('statusCode' in returned)) {
    return { status: 200, headers: { 'content-type': 'application/json' }, body: payload };
  }
  const { data: response } = withStatus.safeParse(returned);
  if (response === undefined) return undefined;
  const { statusCode, headers, cookies, body, isBase64Encoded } = response;
  const own = Object.entries(headers ?? {})
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => !ofTheConnection.has(name));
  return {
    status: statusCode,
    headers: {
      'content-type': 'application/json',
      ...Object.fromEntries(own),
      ...(cookies && cookies.length > 0 && { 'set-cookie': cookies }),
    },
    body: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}
