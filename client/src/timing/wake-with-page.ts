/**
 * A page that was hidden, cut off or frozen may have missed anything: calls back when it is there again, `seen`, or
 * when the network is, `online`.
 */
export function wakeWithPage(wake: (why: 'seen' | 'online') => void): AbortController {
  const listening = new AbortController();
  const { signal } = listening;
  document.addEventListener('visibilitychange', () => document.hidden || wake('seen'), { signal });
  addEventListener('online', () => wake('online'), { signal });
  addEventListener('pageshow', ({ persisted }) => persisted && wake('online'), { signal });
  return listening;
}
