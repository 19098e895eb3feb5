/** The gRPC status codes, by name. https://grpc.io/docs/guides/status-codes/ */
export const statusCodes = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type StatusName = keyof typeof statusCodes;

/** How a call ended. `cause` travels as the metadata `err`, by which the SDKs tell one limit from another. */
export interface Status {
  readonly code: StatusName;
  readonly message: string;
  readonly cause?: string;
}

export const ok: Status = { code: 'OK', message: '' };

/** A call that Momento would refuse. The message reaches the client, so it never carries a key or a token. */
export class Refusal extends Error {
  readonly status: Status;

  constructor(code: StatusName, message: string, cause?: string) {
    super(message);
    this.status = { code, message, ...(cause === undefined ? {} : { cause }) };
  }
}

export const invalid = (message: string) => new Refusal('INVALID_ARGUMENT', message);

export const unauthenticated = (message: string) => new Refusal('UNAUTHENTICATED', message);

export const denied = () =>
  new Refusal('PERMISSION_DENIED', 'Insufficient permissions to perform this operation on a cache or topic');

/** The SDKs and the dashboards of Momento's users look for exactly this text. */
export const noSuchCache = () => new Refusal('NOT_FOUND', 'A cache with the specified name does not exist.');

export const unsupported = (operation: string) =>
  new Refusal('UNIMPLEMENTED', `The Momento stand-in does not support ${operation}`);

/** A limit of Momento's. The SDKs choose their error text by `cause`, for instance `item_size_limit_exceeded`. */
export const overLimit = (cause: string, message: string) =>
  new Refusal('RESOURCE_EXHAUSTED', message, cause);

/** Whatever was thrown, as the status a client sees; a fault of the stand-in's own is INTERNAL. */
export function statusOf(error: unknown): Status {
  if (error instanceof Refusal) return error.status;
  const reason = error instanceof Error ? error.message : String(error);
  return { code: 'INTERNAL', message: `The Momento stand-in failed: ${reason}` };
}
