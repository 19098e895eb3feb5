import { MAX_REQUEST_BYTES } from '../limits.ts';
import { invalid, overLimit, unsupported, type Status, statusCodes } from '../status.ts';

// A gRPC frame: one byte of flags, four bytes of length, the message.
const HEADER_BYTES = 5;
const COMPRESSED = 0x01;
const TRAILERS = 0x80;

export function frame(message: Buffer, flags = 0): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(flags, 0);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

/**
 * The one message of a request.
 *
 * @throws Refusal INVALID_ARGUMENT when it is cut short, UNIMPLEMENTED when compressed
 */
export function unframe(body: Buffer): Buffer {
  if (body.length < HEADER_BYTES) throw invalid('The request carries no message');
  const length = body.readUInt32BE(1);
  if (body.length < HEADER_BYTES + length) throw invalid('The request is cut short');
  if (body.readUInt8(0) & COMPRESSED) throw unsupported('compressed requests');
  return body.subarray(HEADER_BYTES, HEADER_BYTES + length);
}

/** A status as gRPC trailers. */
export function trailersOf({ code, message, cause }: Status): Record<string, string> {
  return {
    'grpc-status': String(statusCodes[code]),
    ...(message === '' ? {} : { 'grpc-message': percentEncode(message) }),
    ...(cause === undefined ? {} : { err: cause }),
  };
}

/** gRPC's own escaping: printable ASCII stays, the rest and the percent sign become %XX per UTF-8 byte. */
function percentEncode(message: string): string {
  return message.replace(/[^\x20-\x7e]+|%/gu, (text) =>
    [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

/** gRPC-Web sends the trailers as a last frame of the body. */
export function trailerFrame(status: Status): Buffer {
  const lines = Object.entries(trailersOf(status)).map(([name, value]) => `${name}: ${value}\r\n`);
  return frame(Buffer.from(lines.join('')), TRAILERS);
}

/**
 * Reads a body to its end.
 *
 * @throws Refusal RESOURCE_EXHAUSTED when it is larger than any request may be; the rest is read and dropped, so that
 * the answer can still be sent
 */
export async function readBody(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES)
    throw overLimit('request_size_limit_exceeded', 'The request limit of 5 MB is exceeded');
  return Buffer.concat(chunks);
}

// The text form of gRPC-Web is base64, a third longer than what it carries.
const MAX_BODY_BYTES = Math.ceil((MAX_REQUEST_BYTES * 4) / 3);
