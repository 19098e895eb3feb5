import type { Refusal as Reason } from '../../../shared/domain/access.ts';
import type { EndReason } from '../../../shared/domain/sessions.ts';
import type { Conflict } from '../service/session-answers.ts';

/** What somebody wants to watch. */
export interface Title {
  readonly contentId: string;
  /** Whether it takes one of the account's streams. */
  readonly counted: boolean;
}

/** What the page has to show of one tab's playback. */
export type PlaybackState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'starting'; readonly title: Title }
  /** The service asked to come back at that time; then it goes on by itself. */
  | { readonly kind: 'waiting'; readonly title: Title; readonly untilMs: number }
  /** Every stream is taken: the viewer chooses one to end, or lets it be. */
  | { readonly kind: 'choosing'; readonly title: Title; readonly conflicts: readonly Conflict[] }
  | Playing
  | { readonly kind: 'stopped'; readonly title: Title; readonly why: StopReason };

export interface Playing {
  readonly kind: 'playing';
  readonly title: Title;
  readonly sessionId: string;
  readonly sinceMs: number;
  readonly heartbeatSeconds: number;
  /** Admitted while a part of the service is away. */
  readonly degraded: boolean;
  /** `reconnecting`: the service does not answer, and the lease still holds. `busy`: it asked for more time. */
  readonly trouble: 'reconnecting' | 'busy' | undefined;
}

export type StopReason =
  | { readonly kind: 'over'; readonly reason: EndReason; readonly by?: string | undefined }
  | { readonly kind: 'not-entitled'; readonly reason: Reason }
  /** The service did not answer for as long as the lease lasted. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'failed'; readonly error: unknown };
