import type { Subject } from './rpc.ts';
import { Refusal, type Status, type StatusName } from './status.ts';

/** A failure to come. */
export interface Fault {
  /** The RPC's name, for instance `SetIf` or `Publish`. */
  readonly rpc: string;
  /** What the call is answered; nothing at all when absent, so that it runs into its own deadline. */
  readonly code?: StatusName;
  /** Only calls about this key or topic; all calls of the RPC when absent. */
  readonly key?: string;
  /** How many calls fail; one when absent. */
  readonly times?: number;
  readonly message?: string;
  /** The call takes effect and only its answer is lost, as with a time-out; otherwise nothing happens. */
  readonly takesEffect?: boolean;
  /** Nothing goes wrong with the call but that it waits for this, and its caller's deadline does not. */
  readonly until?: Promise<unknown>;
}

/** The failure of one call. */
export interface Failure {
  /** Undefined for a call that is never answered. */
  readonly status: Status | undefined;
  readonly takesEffect: boolean;
  /** The call is carried out when this resolves; undefined for one that really fails. */
  readonly until: Promise<unknown> | undefined;
}

/** Failures waiting for their calls, in the order they were asked for. */
export function createFaults({ names }: { readonly names: ReadonlySet<string> }) {
  const waiting: Array<{ readonly fault: Fault; left: number }> = [];
  return {
    /** @throws Error for an RPC the stand-in does not have, as such a fault would never strike */
    add(fault: Fault): void {
      if (!names.has(fault.rpc)) throw new Error(`The Momento stand-in has no RPC "${fault.rpc}"`);
      waiting.push({ fault, left: fault.times ?? 1 });
    },
    /** The failure this call must meet, if any; it is used up by asking. */
    next(rpc: string, { key }: Subject): Failure | undefined {
      const index = waiting.findIndex(
        ({ fault }) => fault.rpc === rpc && (fault.key === undefined || fault.key === key),
      );
      const found = waiting[index];
      if (found === undefined) return undefined;
      found.left -= 1;
      if (found.left <= 0) waiting.splice(index, 1);
      const { code, message = `Injected ${code}`, takesEffect = false, until } = found.fault;
      return { status: code && new Refusal(code, message).status, takesEffect, until };
    },
  };
}
