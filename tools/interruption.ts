/**
 * Lets a command end in good order: the signal aborts at the first Ctrl-C (or SIGTERM), and the command stops when
 * what is under way is done. The second Ctrl-C ends the process as if this had never been called.
 */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}
