import type { IncomingMessage, ServerResponse } from 'node:http';
import { cache, pubsub } from '@gomomento/generated-types';
import { z } from 'zod';
import type { Dispatch } from '../dispatch.ts';
import { invalid, statusCodes, statusOf, type Status, type StatusName } from '../status.ts';
import { corsHeaders } from './cors.ts';
import { readBody } from './frames.ts';
import { createCaller, type Caller } from './in-process.ts';

const scs = cache.cache_client.UnimplementedScsService.definition;
const topics = pubsub.cache_client.pubsub.UnimplementedPubsubService.definition;
const { _DeleteRequest, _GetRequest, _SetRequest, ECacheResult } = cache.cache_client;
const { _PublishRequest, _SubscriptionRequest, _TopicValue } = pubsub.cache_client.pubsub;
type SubscriptionItem = pubsub.cache_client.pubsub._SubscriptionItem;

const httpStatus: Partial<Record<StatusName, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  RESOURCE_EXHAUSTED: 429,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

interface Answer {
  readonly status: number;
  readonly body?: Buffer | object;
}

interface Exchange {
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly contentType: string;
  readonly body: Buffer;
  readonly momento: Caller;
}

/**
 * Serves Momento's HTTP API: `/topics/{cache}/{topic}` (POST publishes, GET waits for messages) and `/cache/{cache}`
 * (GET, PUT, DELETE of a scalar). Each request becomes the RPC it stands for, so the same rules apply to it.
 */
export async function serveHttpApi(
  { dispatch }: { readonly dispatch: Dispatch },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  try {
    const body = await readBody(request);
    const url = new URL(`http://localhost${request.url ?? '/'}`); // resolved, two slashes would begin a host's name
    const token = tokenOf(request.headers.authorization, url.searchParams.get('token'));
    const readConcern = request.headers['read-concern'];
    reply(
      response,
      await route({
        method: request.method ?? 'GET',
        path: segmentsOf(url.pathname),
        query: url.searchParams,
        contentType: request.headers['content-type'] ?? '',
        body,
        momento: createCaller(dispatch, {
          token,
          readConcern: typeof readConcern === 'string' ? readConcern : undefined,
          gone: gone.signal,
        }),
      }),
    );
  } catch (error) {
    reply(response, problem(statusOf(error)));
  }
}

async function route(exchange: Exchange): Promise<Answer> {
  const [resource, cacheName, topic, ...rest] = exchange.path;
  if (cacheName === undefined || rest.length > 0) return notFound;
  if (resource === 'cache' && topic === undefined) return await onItem(exchange, cacheName);
  if (resource === 'topics' && topic !== undefined) return await onTopic(exchange, cacheName, topic);
  return notFound;
}

async function onItem({ method, query, body, momento }: Exchange, cacheName: string): Promise<Answer> {
  const cache_key = keyOf(query);
  switch (method) {
    case 'GET': {
      const found = await momento.unary(scs.Get, cacheName, new _GetRequest({ cache_key }));
      if (found.result !== ECacheResult.Hit) return { status: 404, body: { message: 'Key not found' } };
      return { status: 200, body: Buffer.from(found.cache_body) };
    }
    case 'PUT': {
      const ttl_milliseconds = Number(query.get('ttl_seconds')) * 1000;
      if (!Number.isInteger(ttl_milliseconds)) throw invalid('ttl_seconds must be a number of seconds');
      await momento.unary(
        scs.Set,
        cacheName,
        new _SetRequest({ cache_key, cache_body: body, ttl_milliseconds }),
      );
      return { status: 204 };
    }
    case 'DELETE':
      await momento.unary(scs.Delete, cacheName, new _DeleteRequest({ cache_key }));
      return { status: 204 };
    default:
      return methodNotAllowed;
  }
}

async function onTopic(exchange: Exchange, cache_name: string, topic: string): Promise<Answer> {
  const { method, contentType, body, momento } = exchange;
  if (method === 'POST') {
    const binary = contentType.startsWith('application/octet-stream');
    const value = new _TopicValue(binary ? { binary: body } : { text: body.toString() });
    await momento.unary(topics.Publish, cache_name, new _PublishRequest({ cache_name, topic, value }));
    return { status: 204 };
  }
  if (method !== 'GET') return methodNotAllowed;
  const at = resumeAt.parse(Object.fromEntries(exchange.query));
  const items = await momento.next(
    topics.Subscribe,
    cache_name,
    new _SubscriptionRequest({
      cache_name,
      topic,
      resume_at_topic_sequence_number: at.sequence_number,
      sequence_page: at.sequence_page,
    }),
    (item) => !item.has_heartbeat,
  );
  return { status: 200, body: { items: items.map(asJson) } };
}

const sequence = z.coerce.number().int().min(0).default(0);
const resumeAt = {
  parse(query: unknown) {
    const parsed = z.object({ sequence_number: sequence, sequence_page: sequence }).safeParse(query);
    if (!parsed.success) throw invalid('sequence_number and sequence_page are whole numbers');
    return parsed.data;
  },
};

/** As documented, an item does not say who published it: that takes an SDK. */
function asJson(event: SubscriptionItem): object {
  if (event.has_discontinuity) return { discontinuity: event.discontinuity.toObject() };
  const { topic_sequence_number, sequence_page, value } = event.item;
  const content = value.has_text
    ? { text: value.text }
    : { binary: Buffer.from(value.binary).toString('base64') };
  return { item: { topic_sequence_number, sequence_page, value: content } };
}

/** A key or token as it is, or wrapped with its endpoint as the SDKs hand it out. */
function tokenOf(header: string | undefined, parameter: string | null): string | undefined {
  if (header !== undefined && parameter !== null) throw invalid('Only one token must be set');
  const token = header ?? parameter ?? undefined;
  if (token === undefined || token.includes('.')) return token;
  try {
    return wrapped.parse(JSON.parse(Buffer.from(token, 'base64').toString())).api_key;
  } catch {
    return token; // neither form: refused as unauthenticated like any other
  }
}

const wrapped = z.object({ api_key: z.string() });

function keyOf(query: URLSearchParams): Buffer {
  const text = query.get('key');
  const base64 = query.get('key_base64');
  if (text !== null && base64 === null) return Buffer.from(text);
  if (base64 !== null && text === null) return Buffer.from(base64, 'base64url');
  throw invalid('Exactly one of key and key_base64 must be set');
}

function segmentsOf(pathname: string): readonly string[] {
  try {
    return pathname.slice(1).split('/').map(decodeURIComponent);
  } catch {
    throw invalid('The path is not URL-encoded');
  }
}

const notFound: Answer = { status: 404, body: { message: 'No such route' } };
const methodNotAllowed: Answer = { status: 405, body: { message: 'Method not allowed' } };

/** 429 stands for a rate; a value that is too large will be too large the next time. */
function problem({ code, message, cause }: Status): Answer {
  const tooLarge = cause?.endsWith('size_limit_exceeded') ?? false;
  const status = tooLarge ? httpStatus.INVALID_ARGUMENT : httpStatus[code];
  return { status: status ?? 500, body: { code: statusCodes[code], message } };
}

function reply(response: ServerResponse, { status, body }: Answer): void {
  if (response.destroyed) return;
  const isBytes = Buffer.isBuffer(body);
  const type = isBytes ? 'application/octet-stream' : 'application/json';
  response.writeHead(status, { ...corsHeaders, ...(body === undefined ? {} : { 'content-type': type }) });
  response.end(isBytes || body === undefined ? body : JSON.stringify(body));
}
