import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type LambdaFunction, throttledType, tooLargeType } from '../lambda/function.ts';
import { listen, type Listening, readBody } from '../loopback.ts';
import { type Cors, corsHeaders, preflightHeaders } from './cors.ts';
import { urlEvent } from './event.ts';
import { readRequest, type UrlRequest } from './request.ts';
import { readUrlResponse, type UrlAnswer } from './response.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const payloadLimitBytes = 6 * 1024 * 1024;

export interface FunctionUrl {
  readonly target: LambdaFunction;
  readonly cors: Cors | undefined;
  /** Whether the template grants everybody the use of it; without that Lambda answers 403. */
  readonly isPublic: boolean;
}

export interface FunctionUrlServer extends Listening {
  /** From now on requests are answered; the functions have to know the address before they can be there. */
  serve(url: FunctionUrl): void;
}

/** One function's URL, on an origin of its own. */
export async function startFunctionUrlServer({
  port = 0,
  log,
}: {
  readonly port?: number | undefined;
  /** Hears why a request failed, which Lambda tells nobody but its metrics. */
  readonly log: (line: string) => void;
}): Promise<FunctionUrlServer> {
  let served: FunctionUrl | undefined;
  const server = createServer((message, response) => {
    const answered = served === undefined ? Promise.reject(new Error('too early')) : handle(served, message);
    answered
      .then(({ request, answer, cors }) => send(response, { request, answer, cors }))
      .catch((error: unknown) => {
        log(`a request was cut short: ${String(error)}`);
        response.destroy();
      });
  });

  async function handle(url: FunctionUrl, message: IncomingMessage): Promise<Handled> {
    const body = await readBody(message, payloadLimitBytes);
    const request = readRequest(message, body ?? Buffer.alloc(0));
    const preflight = url.cors && preflightHeaders(url.cors, request);
    if (preflight !== undefined) {
      return { request, answer: { status: 200, headers: preflight, body: '' }, cors: {} };
    }
    return {
      request,
      answer: body === undefined ? tooLarge : await invoke(url, request),
      cors: url.cors === undefined ? {} : corsHeaders(url.cors, request),
    };
  }

  async function invoke({ target, isPublic }: FunctionUrl, request: UrlRequest): Promise<UrlAnswer> {
    if (!isPublic) return forbidden;
    const outcome = await target.invoke(JSON.stringify(urlEvent(request)));
    if (outcome.ok) {
      const answer = readUrlResponse(outcome.payload);
      if (answer === undefined) log(`malformed response from ${target.name}`);
      return answer ?? failed;
    }
    const { errorType } = outcome.error;
    log(`${target.name} failed with ${errorType}`);
    if (errorType === throttledType) return throttled;
    return errorType === tooLargeType ? tooLarge : failed;
  }

  const listening = await listen(server, port);
  return {
    ...listening,
    serve(url) {
      served = url;
    },
  };
}

interface Handled {
  readonly request: UrlRequest;
  readonly answer: UrlAnswer;
  readonly cors: Readonly<Record<string, string>>;
}

/** A function that throws, crashes, runs out of time or answers out of format: the client is told nothing of it. */
const failed: UrlAnswer = {
  status: 502,
  headers: { 'content-type': 'application/json' },
  body: 'Internal Server Error',
};

const throttled = refusal(429, throttledType, {
  Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
  Type: 'User',
  Message: 'Rate Exceeded.',
});

const tooLarge = refusal(413, 'RequestEntityTooLargeException', {
  Message: `Request must be smaller than ${payloadLimitBytes} bytes for the InvokeFunction operation`,
});

const forbidden = refusal(403, 'AccessDeniedException', {
  Message:
    'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html',
});

function refusal(status: number, errorType: string, body: object): UrlAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': errorType },
    body: JSON.stringify(body),
  };
}

/** A function's own CORS headers stand beside the URL's, twice where both set one: browsers refuse that, as in AWS. */
function send(response: ServerResponse, { request, answer, cors }: Handled): void {
  const { status, headers, body } = answer;
  const sent: Record<string, string | string[]> = {};
  for (const [name, value] of [...Object.entries(cors), ...Object.entries(headers)]) {
    const before = sent[name];
    const values = [before ?? [], value].flat();
    sent[name] = values.length === 1 ? values.join('') : values;
  }
  const hasBody = status !== 204 && status !== 304;
  response
    .writeHead(status, {
      'x-amzn-requestid': request.requestId,
      ...(hasBody && { 'content-length': Buffer.byteLength(body) }),
      ...sent,
    })
    .end(hasBody ? body : undefined);
}
