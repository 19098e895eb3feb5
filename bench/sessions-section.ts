import { ms, summaryRow, table } from './markdown.ts';
import { LOOPS, type LoopName, type Races, type SessionsReport } from './sessions.ts';

/** The section "Sessions" of docs/benchmarks.md. */
export function sessionsSection({ loops, starts, beatsByUrl, races }: SessionsReport): readonly string[] {
  const { renewSession, ingestHeartbeat, momento, jose } = loops;
  const partsMs = momento.cpuMs.p50 + jose.cpuMs.p50;
  const ratio = (of: number, to: number) => (of / to).toFixed(2);
  return [
    `## Sessions`,
    `The synthesized app on loopback, without the gate that enforces permissions. Accounts hold a subscription with four
streams.`,
    `### A heartbeat, and a start`,
    `The bundled function is called in a loop in a process of its own, as Lambda's runtime calls it: the event is JSON
and so is the answer. Momento's stand-in runs in another process. ${renewSession.tookMs.count} of each after a warm-up, every one of
another account, in blocks of ${renewSession.tookMs.count / renewSession.cpuMs.count} that take turns. Processor time is that of the whole process, garbage
collection and the threads that sign included; its p50 and p99 are those of the blocks' averages. A function has one
invocation at a time, so beats per second are those of one execution environment on this machine with the store
beside it: not what Lambda gives 256 MB, and not with a network in between.`,
    table(
      ['one after the other', 'CPU ms, p50', 'CPU ms, p99', 'took ms, p50', 'took ms, p99', 'per second'],
      (Object.keys(LOOPS) as LoopName[]).map((name) => {
        const { cpuMs, tookMs } = loops[name];
        return [
          LOOPS[name],
          cpu(cpuMs.p50),
          cpu(cpuMs.p99),
          cpu(tookMs.p50),
          cpu(tookMs.p99),
          perSecond(tookMs.p50),
        ];
      }),
    ),
    `A heartbeat has to verify a token, sign one, and make those two calls: together ${cpu(partsMs)} ms of processor time when
each is done bare. The function URL's handler takes ${ratio(renewSession.cpuMs.p50, partsMs)} times that, the route's
${ratio(ingestHeartbeat.cpuMs.p50, partsMs)} times.`,
    `By the function URL itself, over HTTP, ${beatsByUrl.inFlight} in flight, ${beatsByUrl.count} beats: ${beatsByUrl.perSecond.toFixed(0)} a second. All servers of the local stack,
the functions' threads and the client share this machine, so this says what a laptop can take, and nothing of AWS.
There as here the URL takes at most ten a second for each reserved place: 1,000 a second by default.`,
    `### \`POST /sessions\``,
    `${starts.start.count} starts over HTTP, each ended again, which is not counted; beside each, in turns, a bare round trip to the API and
the three calls that a start makes at Momento one after the other: a batch of the snapshot and 16 slots, a conditional
write, the batch again.`,
    table(
      ['milliseconds', 'p50', 'p99', 'min', 'max'],
      [
        summaryRow('**`POST /sessions`**', starts.start),
        summaryRow('HTTP round trip to the API (`GET /catalog`)', starts.catalog),
        summaryRow('bare calls to Momento (`GetBatch`, `SetIf`, `GetBatch`)', starts.calls),
      ],
    ),
    `Over the sum of the two: ${ratio(starts.start.p50, starts.catalog.p50 + starts.calls.p50)} at the median. What is left is the authorizer's check of the ID token, the decision, and the
signature.`,
    `### Races`,
    raceText(races),
  ];
}

function raceText(races: Races): string {
  const { count, devices, limit, tookMs, admitted, refused, contended, overAdmissions } = races;
  return `${count} times ${devices} devices of one account start at once by HTTP, where ${limit} streams are allowed: ${races.perSecond.toFixed(1)} races a second
(${ms(tookMs.p50)} ms from the first request to the last answer at the median, ${ms(tookMs.p99)} ms at p99). ${admitted} were admitted, ${refused} refused with a
409, ${contended} turned away with a 503. **Sessions beyond the limit when all was at rest: ${overAdmissions}.**`;
}

function cpu(value: number): string {
  return value.toFixed(2);
}

function perSecond(tookMs: number): string {
  return Math.round(1000 / tookMs).toString();
}
