import { z } from 'zod';
import type { Answer } from './gateway-responses.ts';

const headerValue = z.union([z.string(), z.number(), z.boolean()]).transform(String);

/** The one format API Gateway takes from a function; anything else, a further field included, is malformed. */
const proxyResponse = z.strictObject({
  statusCode: z.int().min(100).max(599),
  headers: z.record(z.string(), headerValue).nullish(),
  multiValueHeaders: z.record(z.string(), z.array(headerValue)).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html */
const remapped = new Set([
  'authorization',
  'connection',
  'content-length',
  'content-md5',
  'date',
  'host',
  'max-forwards',
  'server',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'www-authenticate',
]);

/** Reads what a function returned, as JSON. Undefined when API Gateway would call it malformed. */
export function readProxyResponse(
  payload: string,
  {
    binaryMediaTypes,
    accept,
  }: {
    readonly binaryMediaTypes: readonly string[];
    readonly accept: string | undefined;
  },
): Answer | undefined {
  const { data: response } = proxyResponse.safeParse(JSON.parse(payload));
  if (response === undefined) return undefined;
  const { statusCode, body, headers, multiValueHeaders } = response;
  const decodes = response.isBase64Encoded === true && acceptsBinary(binaryMediaTypes, accept);
  return {
    status: statusCode,
    headers: {
      'content-type': 'application/json',
      ...merged(headers ?? {}, multiValueHeaders ?? {}),
    },
    body: Buffer.from(body ?? '', decodes ? 'base64' : 'utf8'),
  };
}

/** API Gateway decodes only where the first type the caller accepts is one of the API's binary ones. */
function acceptsBinary(binaryMediaTypes: readonly string[], accept: string | undefined): boolean {
  const first = accept?.split(/[,;]/)[0]?.trim() ?? '';
  return binaryMediaTypes.includes('*/*') || binaryMediaTypes.includes(first);
}

function merged(
  single: Readonly<Record<string, string>>,
  multiple: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, readonly string[]>> {
  const values = new Map<string, Set<string>>();
  const add = (name: string, value: string) => {
    const lower = name.toLowerCase();
    const sent = remapped.has(lower) ? `x-amzn-remapped-${lower}` : lower;
    values.set(sent, (values.get(sent) ?? new Set()).add(value));
  };
  for (const [name, value] of Object.entries(single)) add(name, value);
  for (const [name, all] of Object.entries(multiple)) for (const value of all) add(name, value);
  return Object.fromEntries([...values].map(([name, all]) => [name, [...all]]));
}
