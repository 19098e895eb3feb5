import type { IncomingMessage, ServerResponse } from 'node:http';

// What Momento lets a browser send and see; a header that is not in the list fails in the browser, as it would there.
const ALLOWED_HEADERS =
  'authorization,cache,agent,runtime-version,content-type,grpc-timeout,x-grpc-web,x-user-agent,read-concern';

export const corsHeaders = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'grpc-status,grpc-message,err',
} as const;

/** Answers a preflight. @returns whether the request was one */
export function answerPreflight(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method !== 'OPTIONS') return false;
  response.writeHead(204, {
    ...corsHeaders,
    'access-control-allow-methods': 'GET,PUT,POST,DELETE,OPTIONS',
    'access-control-allow-headers': ALLOWED_HEADERS,
    'access-control-max-age': '600',
  });
  response.end();
  return true;
}
