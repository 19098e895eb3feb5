import { gzipSync } from 'node:zlib';

/** Those that Node's parser knows; it answers to any other by itself. */
export const METHODS = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'PURGE',
];

/** What becomes of a path, with the stage in front of it. */
export const PATHS = {
  'a slash at the end': (path: string) => `${path}/`,
  'two slashes': (path: string) => path.replace(/\/([^/]*)$/, '//$1'),
  'an encoded slash': (path: string) => path.replace(/\/([^/]*)$/, '%2F$1'),
  'a slash in front': (path: string) => `/${path}`,
  'no host': () => '//',
  'a NUL at the end': (path: string) => `${path}%00`,
  'a byte that is no UTF-8': (path: string) => `${path}%ff`,
  'a percent sign': (path: string) => `${path}%`,
  'an overlong slash': (path: string) => `${path}%c0%af`,
  'a segment more': (path: string) => `${path}/constructor`,
  'a segment less': (path: string) => path.replace(/\/[^/]*$/, ''),
  'dots at the end': (path: string) => `${path}/..`,
  'encoded dots': (path: string) => `${path}/%2e%2e%2f%2e%2e`,
  'other letters': (path: string) => path.toUpperCase(),
  'another stage': (path: string) => path.replace(/^\/[^/]+/, '/prod'),
  'no stage': (path: string) => path.replace(/^\/[^/]+/, ''),
  'a parameter of its own': (path: string) => `${path};a=b`,
  'a template’s braces': (path: string) => path.replace(/[^/]*$/, '%7BsessionId%7D'),
  'a very long segment': (path: string) => path.replace(/[^/]*$/, 'a'.repeat(3000)),
  'a name that objects have': (path: string) => path.replace(/[^/]*$/, '__proto__'),
} as const;

/** As they stand after the question mark. */
export const QUERIES = [
  'atLeast=-1',
  'atLeast=1e309',
  'atLeast=1e3',
  'atLeast=',
  'atLeast',
  'atLeast=0&atLeast=-1',
  'atLeast=999999999999999',
  'atLeast=9999999999999999999999',
  'atLeast=%00',
  'atLeast=%ff%fe',
  'atLeast[]=1',
  'cache=true&cache=false',
  'cache=__proto__',
  '__proto__=1',
  '__proto__[cache]=true',
  'constructor=1&toString=2',
  '&&&===&',
  '%',
  `a=${'b'.repeat(4000)}`,
  'accountId=somebody&sub=somebody',
] as const;

/** In place of the header of that name, if there is one. */
export const HEADERS: readonly (readonly [string, string])[] = [
  ['content-type', ''],
  ['content-type', 'text/plain'],
  ['content-type', 'application/xml'],
  ['content-type', 'multipart/form-data; boundary='],
  ['content-type', 'application/json; charset=utf-16'],
  ['content-type', 'application/octet-stream'],
  ['content-type', ';;;,=,'],
  ['content-encoding', 'gzip'],
  ['content-encoding', 'br, deflate'],
  ['accept', 'application/xml;q=nonsense'],
  ['accept', 'image/png'],
  ['accept-encoding', 'identity;q=0, *;q=0'],
  ['origin', 'https://evil.example'],
  ['origin', 'null'],
  ['origin', '\xff\xfe'],
  ['access-control-request-method', 'DELETE'],
  ['access-control-request-headers', 'x'.repeat(2000)],
  ['if-none-match', '*'],
  ['if-none-match', ','.repeat(2000)],
  ['if-none-match', 'W/"constructor'],
  ['range', 'bytes=-1'],
  ['x-http-method-override', 'DELETE'],
  ['x-forwarded-for', '127.0.0.1, \xa0'],
  ['x-amzn-trace-id', 'Root=;;;'],
  ['host', 'evil.example'],
  ['cookie', '=; __proto__=1; =;;;'],
  ['cloudfront-viewer-country', ''],
  ['cloudfront-viewer-country', '\xe9'.repeat(1000)],
  ['cloudfront-viewer-country', '__proto__'],
  ['__proto__', 'x'],
  ['constructor', 'x'],
  ['tostring', ''],
  ['user-agent', '\x80'.repeat(3000)],
  ['te', 'trailers'],
];

/** What becomes of a body's bytes. */
export const BYTES = {
  'nothing at all': () => Buffer.alloc(0),
  'cut in the middle': (body: Buffer) => body.subarray(0, Math.ceil(body.length / 2)),
  'without its last byte': (body: Buffer) => body.subarray(0, -1),
  'with a mark in front': (body: Buffer) => Buffer.concat([Buffer.from('\ufeff'), body]),
  'in UTF-16': (body: Buffer) => Buffer.from(body.toString(), 'utf16le'),
  'with bytes that are no UTF-8': (body: Buffer) =>
    Buffer.from(body.toString('latin1').replace('"', '"\xff\xfe'), 'latin1'),
  'packed, and nobody told': (body: Buffer) => gzipSync(body),
  twice: (body: Buffer) => Buffer.concat([body, body]),
  'with a comma too many': (body: Buffer) => Buffer.from(body.toString().replace(/}$/, ',}')),
  'with NaN': (body: Buffer) => Buffer.from(body.toString().replace(/:"[^"]*"/, ':NaN')),
  'a form': () => Buffer.from('deviceId=tv&contentId=harbour'),
  'a very deep array': () => Buffer.from('['.repeat(8000)),
  'just too large': (body: Buffer) => padded(body, 16 * 1024 + 1),
  'far too large': (body: Buffer) => padded(body, 300 * 1024),
  'all zero': () => Buffer.alloc(512),
} as const;

/** As valid as it was, but for its size: what follows JSON's value may be blank. */
function padded(body: Buffer, bytes: number): Buffer {
  return Buffer.concat([body, Buffer.alloc(Math.max(0, bytes - body.length), ' ')]);
}
