import type { Dispatch } from '../dispatch.ts';
import type { Definition } from '../rpc.ts';
import { Refusal, type Status } from '../status.ts';

/** What a client needs of an RPC. */
interface ClientDefinition<Request, Response> extends Definition<Request, Response> {
  readonly requestSerialize: (message: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/** Calls the stand-in's own RPCs with the rights of one request. */
export interface Caller {
  /** @throws Refusal when the RPC does not end well */
  unary<Request, Response>(
    definition: ClientDefinition<Request, Response>,
    cacheName: string,
    request: Request,
  ): Promise<Response>;
  /** The first message that is wanted, and those that come with it; then the stream is left. */
  next<Request, Response>(
    definition: ClientDefinition<Request, Response>,
    cacheName: string,
    request: Request,
    wanted: (response: Response) => boolean,
  ): Promise<readonly Response[]>;
}

export function createCaller(
  dispatch: Dispatch,
  credentials: {
    readonly token: string | undefined;
    readonly readConcern: string | undefined;
    readonly gone: AbortSignal;
  },
): Caller {
  const call = <Request, Response>(
    definition: ClientDefinition<Request, Response>,
    cacheName: string,
    request: Request,
    gone: AbortSignal,
    on: { readonly message: (response: Response) => void; readonly end: (status: Status) => void },
  ) =>
    dispatch(
      {
        path: definition.path,
        cacheName,
        token: credentials.token,
        readConcern: credentials.readConcern,
        timeout: undefined,
        message: definition.requestSerialize(request),
        gone,
      },
      { send: (bytes) => on.message(definition.responseDeserialize(bytes)), end: on.end },
    );

  return {
    unary: (definition, cacheName, request) =>
      new Promise((resolve, reject) => {
        call(definition, cacheName, request, credentials.gone, {
          message: resolve,
          end: (status) => reject(refusalOf(status)),
        });
      }),
    next: (definition, cacheName, request, wanted) => {
      const left = new AbortController();
      const gone = AbortSignal.any([credentials.gone, left.signal]);
      return new Promise((resolve, reject) => {
        const messages: Parameters<typeof wanted>[0][] = [];
        gone.addEventListener('abort', () => resolve(messages));
        call(definition, cacheName, request, gone, {
          message(response) {
            if (!wanted(response)) return;
            messages.push(response);
            // What is resumed arrives in one go; the rest of it belongs into the same answer.
            if (messages.length === 1) setImmediate(() => left.abort());
          },
          end: (status) => reject(refusalOf(status)),
        });
      });
    },
  };
}

const refusalOf = ({ code, message, cause }: Status) => new Refusal(code, message, cause);
