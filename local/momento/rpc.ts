import type { ReadConcern } from './store.ts';
import { invalid, ok, statusOf, type Status } from './status.ts';

/** Path and codecs of one RPC, as `@gomomento/generated-types` publishes them. */
export interface Definition<Request, Response> {
  readonly path: string;
  readonly requestDeserialize: (bytes: Buffer) => Request;
  readonly responseSerialize: (message: Response) => Buffer;
}

/** What the transports know about a call before its message is read. */
export interface Call {
  readonly cacheName: string | undefined;
  readonly token: string | undefined;
  readonly readConcern: ReadConcern;
  /** Aborted when the client has gone or the call has ended. */
  readonly signal: AbortSignal;
}

/** Where an answer goes: any number of messages, then one status. */
export interface Reply<Message> {
  send(message: Message): void;
  end(status: Status): void;
}

/** What a call is about; kept so that tests can count round trips by cache and key. */
export interface Subject {
  readonly cache?: string;
  readonly key?: string;
}

/** A call whose message has been read. */
export interface PreparedCall {
  readonly subject: Subject;
  run(reply: Reply<Buffer>): void;
}

export interface Rpc {
  readonly path: string;
  readonly name: string;
  /** @throws Refusal INVALID_ARGUMENT when the bytes are no message of this RPC */
  prepare(call: Call, message: Buffer): PreparedCall;
}

/** How an RPC names the cache and the key (or topic) it is about. */
export type SubjectOf<Request> = (request: Request, call: Call) => Subject;

/** An RPC with one answer. What `answer` throws becomes the status. */
export function unary<Request, Response>(
  definition: Definition<Request, Response>,
  subjectOf: SubjectOf<Request>,
  answer: (call: Call, request: Request) => Response,
): Rpc {
  return streaming(definition, subjectOf, (call, request, reply) => {
    reply.send(answer(call, request));
    reply.end(ok);
  });
}

/** An RPC with a stream of answers; `open` may keep the reply until `call.signal` is aborted. */
export function streaming<Request, Response>(
  definition: Definition<Request, Response>,
  subjectOf: SubjectOf<Request>,
  open: (call: Call, request: Request, reply: Reply<Response>) => void,
): Rpc {
  return {
    path: definition.path,
    name: nameOf(definition.path),
    prepare(call, message) {
      const request = read(definition, message);
      return {
        subject: subjectOf(request, call),
        run(reply) {
          try {
            open(call, request, {
              send: (response) => reply.send(definition.responseSerialize(response)),
              end: (status) => reply.end(status),
            });
          } catch (error) {
            reply.end(statusOf(error));
          }
        },
      };
    },
  };
}

/** `/cache_client.Scs/Get` is called `Get`. */
export const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);

function read<Request>(definition: Definition<Request, never>, message: Buffer): Request {
  try {
    return definition.requestDeserialize(message);
  } catch {
    throw invalid(`The request is no message of ${nameOf(definition.path)}`);
  }
}
