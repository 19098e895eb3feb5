import { button, element, part, replaceContents } from './element.ts';
import type { Conflict, Identity, Streams } from '../../client/src/index.ts';
import { whereOf } from './streams-view.ts';
import { timeOf } from './words.ts';

interface Choice {
  readonly conflicts: readonly Conflict[];
  /** The title that waits for one of them to end. */
  readonly wanted: string;
  /** The account's streams, should they tell more of the conflicts. */
  readonly streams: Streams | undefined;
  readonly titleOf: (contentId: string) => string;
}

interface Actions {
  readonly onChosen: (sessionId: string) => void;
  readonly onCancelled: () => void;
}

export interface ConflictView {
  /** Asks, or asks no more. */
  draw(choice: Choice | undefined): void;
}

/** The dialog that asks whom to end when every stream is taken. Escape and "Not now" leave all as it is. */
export function createConflictView(identity: Identity, actions: Actions): ConflictView {
  const dialog = part('conflicts', HTMLDialogElement);
  dialog.addEventListener('cancel', (event) => {
    event.preventDefault(); // whoever cancels closes it
    actions.onCancelled();
  });
  part('conflicts-cancel', HTMLButtonElement).addEventListener('click', () => actions.onCancelled());

  return {
    draw(choice) {
      if (!choice) return dialog.close();
      const { conflicts, wanted } = choice;
      const count = conflicts.length;
      part('conflicts-heading', HTMLElement).textContent =
        ['', 'Your screen is in use', 'Both your screens are in use'][count] ??
        `All ${count} of your screens are in use`;
      part('conflicts-text', HTMLElement).textContent =
        `End ${count === 1 ? 'that stream' : 'one of these'} to watch ${wanted} here.`;
      replaceContents(
        part('conflicts-list', HTMLElement),
        ...conflicts.map((conflict) => row(conflict, choice)),
      );
      if (dialog.open) return;
      dialog.showModal();
      part('conflicts-cancel', HTMLButtonElement).focus(); // nobody should end a stream by pressing Enter once more
    },
  };

  function row(conflict: Conflict, { streams, titleOf, wanted }: Choice): HTMLElement {
    const { sessionId, deviceId, contentId, startedAt } = conflict;
    const playerId = streams?.sessions.find((stream) => stream.sessionId === sessionId)?.playerId;
    const where = whereOf(deviceId, playerId, identity);
    return element(
      'li',
      { class: 'conflict', 'data-session': sessionId },
      element('h3', {}, titleOf(contentId)),
      element('p', {}, `${where}, since ${timeOf(startedAt)}`),
      button('End this one and watch here', () => actions.onChosen(sessionId), {
        id: `end-${sessionId}`,
        class: 'secondary small',
        'aria-label': `End this one and watch here: ${titleOf(contentId)} on ${where} makes room for ${wanted}`,
      }),
    );
  }
}
