import { commonLogTime } from '../common-log-time.ts';
import type { UrlRequest } from './request.ts';

/**
 * The event that a function behind a URL is given: payload format 2.0
 * (https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads).
 */
export function urlEvent(request: UrlRequest): object {
  const { path, method, queryString, requestId, receivedAtMs, sourceIp, headers, body } = request;
  const cookies = request.header('cookie')?.split(/; */);
  const query = [...new URLSearchParams(queryString)];
  const isBase64Encoded = body.length > 0 && !isText(request.header('content-type'));
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: queryString,
    ...(cookies && { cookies }),
    headers,
    ...(query.length > 0 && { queryStringParameters: joined(query) }),
    requestContext: {
      accountId: 'anonymous', // nobody has signed the request
      apiId: 'local',
      domainName: request.header('host'),
      domainPrefix: 'local',
      http: {
        method,
        path,
        protocol: 'HTTP/1.1',
        sourceIp,
        userAgent: request.header('user-agent') ?? '',
      },
      requestId,
      routeKey: '$default',
      stage: '$default',
      time: commonLogTime(receivedAtMs),
      timeEpoch: receivedAtMs,
    },
    ...(body.length > 0 && { body: body.toString(isBase64Encoded ? 'base64' : 'utf8') }),
    isBase64Encoded,
  };
}

const textTypes = new Set(['application/json', 'application/javascript', 'application/xml']);

/** A body without a type is binary too. */
function isText(contentType = ''): boolean {
  const mediaType = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  return mediaType.startsWith('text/') || textTypes.has(mediaType);
}

function joined(pairs: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) values.set(name, [...(values.get(name) ?? []), value]);
  return Object.fromEntries([...values].map(([name, all]) => [name, all.join(',')]));
}
