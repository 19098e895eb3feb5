/** One RPC as `@gomomento/generated-types` describes it, seen from a client. */
export interface ClientDefinition<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (message: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

export interface Outcome<Response> {
  readonly code: number;
  readonly message: string;
  readonly cause: string | undefined;
  readonly responses: readonly Response[];
  readonly http: { readonly status: number; readonly headers: Headers };
}

/** Calls an RPC by gRPC-Web with nothing but `fetch`, in the binary form or as base64 text. */
export async function callByWeb<Request, Response>(
  url: string,
  definition: ClientDefinition<Request, Response>,
  request: Request,
  metadata: Readonly<Record<string, string>>,
  form: 'binary' | 'text' = 'binary',
): Promise<Outcome<Response>> {
  const type = form === 'text' ? 'application/grpc-web-text' : 'application/grpc-web+proto';
  const body = frame(definition.requestSerialize(request));
  const response = await fetch(`${url}${definition.path}`, {
    method: 'POST',
    headers: { 'content-type': type, 'x-grpc-web': '1', ...metadata },
    body: form === 'text' ? body.toString('base64') : body,
  });
  const raw = Buffer.from(await response.arrayBuffer());
  const frames = readFrames(form === 'text' ? fromText(raw.toString('latin1')) : raw);
  const trailers = new Map(
    frames
      .filter(({ isTrailer }) => isTrailer)
      .flatMap(({ bytes }) => bytes.toString().trim().split('\r\n'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  );
  return {
    code: Number(trailers.get('grpc-status')),
    message: decodeURIComponent(trailers.get('grpc-message') ?? ''),
    cause: trailers.get('err'),
    responses: frames
      .filter(({ isTrailer }) => !isTrailer)
      .map(({ bytes }) => definition.responseDeserialize(bytes)),
    http: { status: response.status, headers: response.headers },
  };
}

function frame(message: Buffer): Buffer<ArrayBuffer> {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

function* split(body: Buffer) {
  for (let at = 0; at + 5 <= body.length;) {
    const length = body.readUInt32BE(at + 1);
    yield { isTrailer: (body.readUInt8(at) & 0x80) !== 0, bytes: body.subarray(at + 5, at + 5 + length) };
    at += 5 + length;
  }
}

const readFrames = (body: Buffer) => [...split(body)];

const fromText = (text: string) =>
  Buffer.concat((text.match(/[^=]+={0,2}/g) ?? []).map((piece) => Buffer.from(piece, 'base64')));
