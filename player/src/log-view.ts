import { element, part, replaceContents } from './element.ts';
import { summaryOf, type LatencyKind, type LogEntry } from './event-log.ts';
import { latencyPlot } from './latency-plot.ts';
import { clockTimeOf } from './words.ts';

const KINDS: Readonly<Record<LatencyKind, string>> = {
  message: 'Service to here',
  purchase: 'Pay to screen',
};

/** Draws what was heard, newest first, and how long it took to get here. */
export function showLog(log: readonly LogEntry[]): void {
  const message = summaryOf(log, 'message');
  part('log-summary', HTMLElement).textContent = message
    ? `half within ${milliseconds(message.medianMs)}`
    : '';
  replaceContents(part('log-plot', HTMLElement), latencyPlot(log));
  replaceContents(
    part('log-latencies', HTMLElement),
    ...Object.entries(KINDS).map(([kind, name]) => summary(log, kind as LatencyKind, name)),
  );
  replaceContents(part('log-entries', HTMLElement), ...log.map(row));
  part('log-empty', HTMLElement).hidden = log.length > 0;
  part('log-entries', HTMLElement).hidden = log.length === 0;
}

function summary(log: readonly LogEntry[], kind: LatencyKind, name: string): HTMLElement {
  const found = summaryOf(log, kind);
  const text = found
    ? `median ${milliseconds(found.medianMs)}, longest ${milliseconds(found.longestMs)}, of ${found.count}`
    : 'none yet';
  return element('li', { class: `latency ${kind}` }, element('strong', {}, name), `: ${text}`);
}

function row({ atMs, type, version, text, latency }: LogEntry): HTMLElement {
  return element(
    'li',
    { class: 'event' },
    element('p', { class: 'event-text' }, text),
    latency && element('span', { class: 'event-latency' }, milliseconds(latency.ms)),
    element(
      'p',
      { class: 'event-type' },
      element('time', {}, clockTimeOf(atMs)),
      ` ${type}`,
      version !== undefined && ` · version ${version}`,
    ),
  );
}

/** The service's clock is known to half a call's time: a message may seem to come a little before it was sent. */
function milliseconds(ms: number): string {
  return `${Math.max(0, Math.round(ms))} ms`;
}
