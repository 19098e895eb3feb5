import type { JWK } from 'jose';
import type { LocalStack } from '../../../local/stack.ts';
import type { Lease } from '../session-support.ts';
import type { Viewer } from '../support.ts';

/** What whoever sends bad requests knows: more than anybody outside should, so that they get far. */
export interface BadWorld {
  readonly stack: LocalStack;
  readonly origin: string;
  /** The one who sends them: premium, with all four screens in use. */
  readonly viewer: Viewer;
  /** One who has done nothing, and watches. */
  readonly victim: Viewer;
  /** The newest of a session of the viewer's, and of the victim's. */
  readonly ownLease: Lease;
  readonly victimLease: Lease;
  readonly momentoToken: string;
  readonly checkoutSecret: string;
  readonly stripeSecret: string;
  readonly sessionKey: JWK;
  /** In seconds: what was really bought was reported then, and what is said of it in bad requests is an hour older. */
  readonly boughtAt: number;
}
