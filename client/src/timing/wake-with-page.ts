/**
 * A page that was hidden, cut off or frozen may have missed anything: calls back when it is there again, `seen`, or
 * when the network has come or gone, `network`. A stream that is open may outlive the network for a minute without a
 * word, so that it has gone is a reason to look, too.
 */
export function wakeWithPage(wake: (why: 'seen' | 'network') => void): AbortController {
  const listening = new AbortController();
  const { signal } = listening;
  document.addEventListener('visibilitychange', () => document.hidden || wake('seen'), { signal });
  for (const type of ['online', 'offline']) addEventListener(type, () => wake('network'), { signal });
  addEventListener('pageshow', ({ persisted }) => persisted && wake('network'), { signal });
  return listening;
}
