/** A page that was hidden, cut off or frozen may have missed anything: calls back when it is there again. */
export function wakeWithPage(wake: () => void): AbortController {
  const listening = new AbortController();
  const { signal } = listening;
  document.addEventListener('visibilitychange', () => document.hidden || wake(), { signal });
  addEventListener('online', wake, { signal });
  addEventListener('pageshow', ({ persisted }) => persisted && wake(), { signal });
  return listening;
}
