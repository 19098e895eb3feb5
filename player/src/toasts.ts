import { button, element, part } from './element.ts';
import { icon } from './icons.ts';

export interface Toast {
  readonly text: string;
  readonly detail?: string | undefined;
  /** `alarm` stays until it is closed. */
  readonly tone?: 'good' | 'plain' | 'alarm';
}

const SHOWN_MS = 10_000;

/** Shows a message, which screen readers say; it goes by itself unless someone points at it or has its button in focus. */
export function toast({ text, detail, tone = 'plain' }: Toast): void {
  const close = button(icon('close'), () => shown.remove(), { class: 'quiet', 'aria-label': 'Dismiss' });
  const shown = element(
    'div',
    { class: `toast ${tone}` },
    element(
      'div',
      {},
      element('p', { class: 'toast-text' }, text),
      detail !== undefined && element('p', { class: 'toast-detail' }, detail),
    ),
    close,
  );
  part('toasts', HTMLElement).append(shown);
  if (tone !== 'alarm') removeLater(shown);
}

function removeLater(shown: HTMLElement): void {
  setTimeout(() => {
    if (shown.matches(':hover, :focus-within')) removeLater(shown);
    else shown.remove();
  }, SHOWN_MS);
}
