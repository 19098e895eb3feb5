/** What the two sides of an execution environment's thread tell each other. */
import type { Clock } from '../clock.ts';

/** How Lambda writes an error down. */
export interface InvocationError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

export interface Invocation {
  readonly requestId: string;
  /** The event as JSON. */
  readonly payload: string;
  /** Milliseconds since 1970 at which the function times out. */
  readonly deadlineMs: number;
}

export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-failed'; readonly error: InvocationError }
  | { readonly kind: 'returned'; readonly requestId: string; readonly payload: string }
  | { readonly kind: 'failed'; readonly requestId: string; readonly error: InvocationError };

export interface Boot {
  /** Absolute directory of the bundle. */
  readonly directory: string;
  /** As in the template: `file.export`. */
  readonly handler: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
  /** The clock that the thread goes by; the machine's when absent. */
  readonly clock?: Pick<Clock, 'memory'> | undefined;
}
