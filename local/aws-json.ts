/**
 * The AWS JSON 1.1 protocol over plain HTTP on loopback: one POST to `/`, the operation named by `x-amz-target`,
 * errors as `{ "__type", "message" }`. It knows no service; the stand-ins hand it their operations.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

/** An answer the real service gives: `name` is the exception's name, `status` is 400 unless the service says otherwise. */
export class AwsError extends Error {
  readonly status: number;

  constructor(name: string, message: string, status = 400) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

/** Who may call an operation: anyone, or only who sends a Signature Version 4 header. */
export type Access = 'public' | 'signed';

export interface Operation {
  readonly access: Access;
  /** Parses the body and acts. `invalid` is the service's own name for a parameter that breaks a constraint. */
  readonly run: (body: unknown, invalid: string) => object;
}

export type Operations = Readonly<Record<string, Operation>>;

/** Joins what an operation accepts with what it does, so that `act` never sees an unchecked body. */
export function operation<Input>(
  access: Access,
  schema: z.ZodType<Input>,
  act: (input: Input) => object,
): Operation {
  return { access, run: (body, invalid) => act(parse(schema, body, invalid)) };
}

/** A member the real service has and the stand-in would have to ignore: absent, or refused with the reason. */
export function unsupported(reason: string) {
  return z
    .unknown()
    .refine(() => false, reason)
    .optional();
}

export interface AwsJsonService {
  readonly port?: number;
  /** The signing name, such as `ssm`, and the region that credentials must be scoped to. */
  readonly service: string;
  readonly region: string;
  /** What stands before the dot in `x-amz-target`, such as `AmazonSSM`. */
  readonly target: string;
  readonly invalid: 'InvalidParameterException' | 'ValidationException';
  readonly operations: Operations;
  /** Whether browsers call the real service. */
  readonly cors?: boolean;
  /** Plain JSON documents under GET, such as key sets; `undefined` is a 404. */
  readonly document?: (path: string) => object | undefined;
  /** Called once for every POST that arrives; `false` cuts the connection without an answer. */
  readonly reachable?: () => boolean;
}

export interface AwsJsonServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Listens on 127.0.0.1 (`port` 0 or none: any free one). Rejects when the port is taken. */
export async function startAwsJson(service: AwsJsonService): Promise<AwsJsonServer> {
  const server = createServer((request, response) => {
    handle(service, request, response).catch(() => response.destroy()); // the caller went away half-way
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(service.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(service: AwsJsonService, request: IncomingMessage, response: ServerResponse) {
  const [path = '/'] = (request.url ?? '/').split('?');
  if (service.cors) allowBrowsers(request, response);
  if (request.method === 'OPTIONS' && service.cors) return response.writeHead(200).end();
  if (request.method === 'GET') {
    const document = service.document?.(path);
    return send(response, document ? 200 : 404, document ?? { message: 'Not Found' }, 'application/json');
  }
  if (service.reachable && !service.reachable()) return request.destroy();

  const body = await read(request);
  try {
    if (request.method !== 'POST' || path !== '/') {
      throw new AwsError('UnknownOperationException', 'Only POST / is an AWS JSON call.', 404);
    }
    send(response, 200, call(service, request, body));
  } catch (error) {
    refuse(response, error);
  }
}

function call(service: AwsJsonService, request: IncomingMessage, body: string): object {
  const wanted = named(service, request);
  if (wanted.access === 'signed') requireSignature(service, request.headers.authorization);
  return wanted.run(fromJson(body), service.invalid);
}

function named({ service, target, operations }: AwsJsonService, { headers }: IncomingMessage): Operation {
  const name = String(headers['x-amz-target'] ?? '');
  if (!/^application\/x-amz-json-1\.1\b/i.test(headers['content-type'] ?? '')) {
    throw new AwsError(
      'UnknownOperationException',
      `${name}: content-type must be application/x-amz-json-1.1.`,
    );
  }
  const short = name.startsWith(`${target}.`) ? name.slice(target.length + 1) : '';
  const found = Object.hasOwn(operations, short) ? operations[short] : undefined;
  if (!found) {
    throw new AwsError('UnknownOperationException', `The ${service} stand-in does not support ${name}.`);
  }
  return found;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=[^/,\s]+\/\d{8}\/(?<region>[^/,\s]+)\/(?<service>[^/,\s]+)\/aws4_request, ?SignedHeaders=[^,\s]+, ?Signature=[0-9a-f]{64}$/;

/** Checks the header's form and scope only: there are no accounts here, so there is no secret to check it with. */
function requireSignature({ service, region }: AwsJsonService, authorization: string | undefined): void {
  if (!authorization) {
    throw new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  const scope = AUTHORIZATION.exec(authorization)?.groups;
  if (!scope) {
    throw new AwsError('IncompleteSignatureException', 'Authorization header is no Signature Version 4.');
  }
  if (scope['region'] !== region) {
    throw new AwsError(
      'InvalidSignatureException',
      `Credential should be scoped to a valid region: ${region}.`,
    );
  }
  if (scope['service'] !== service) {
    throw new AwsError(
      'InvalidSignatureException',
      `Credential should be scoped to correct service: '${service}'.`,
    );
  }
}

/** A null member counts as an absent one, as in the real protocol; the browser SDK sends some. */
function fromJson(body: string): unknown {
  try {
    return JSON.parse(body || '{}', function (this: unknown, _key, value: unknown) {
      return value === null && !Array.isArray(this) ? undefined : value;
    });
  } catch {
    throw new AwsError('SerializationException', 'The body is not valid JSON.');
  }
}

/** Names what was wrong but never repeats its value, which may be a password. */
function parse<Input>(schema: z.ZodType<Input>, body: unknown, invalid: string): Input {
  const result = schema.safeParse(body, { reportInput: true });
  if (result.success) return result.data;
  const wrongType = result.error.issues.find(
    (issue) => issue.code === 'invalid_type' && issue.input !== undefined,
  );
  if (wrongType) {
    throw new AwsError('SerializationException', `Unexpected type at '${wrongType.path.join('.')}'.`);
  }
  const issues = result.error.issues.map(({ path, message }) => `Value at '${path.join('.')}': ${message}`);
  throw new AwsError(invalid, `${issues.length} validation error(s) detected: ${issues.join('; ')}`);
}

const MAX_BODY_BYTES = 1_048_576; // far above any request of these services

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error('body too large'); // the connection is cut
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, body: object, type = 'application/x-amz-json-1.1') {
  response.writeHead(status, { 'content-type': type, 'x-amzn-requestid': randomUUID() });
  response.end(JSON.stringify(body));
}

function refuse(response: ServerResponse, error: unknown): void {
  const known = error instanceof AwsError;
  if (!known) console.error(error); // a fault of the stand-in itself
  const { name, message, status } = known
    ? error
    : new AwsError('InternalErrorException', 'Internal error', 500);
  response.setHeader('x-amzn-errortype', `${name}:`);
  response.setHeader('x-amzn-errormessage', message.replaceAll(/[^\x20-\x7e]/g, '?'));
  send(response, status, { __type: name, message });
}

function allowBrowsers(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader(
    'access-control-expose-headers',
    'x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date',
  );
  if (request.method !== 'OPTIONS') return;
  response.setHeader('access-control-allow-methods', 'POST,GET,OPTIONS');
  response.setHeader(
    'access-control-allow-headers',
    request.headers['access-control-request-headers'] ?? '*',
  );
  response.setHeader('access-control-max-age', '172800');
}
