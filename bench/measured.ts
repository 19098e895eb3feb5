import type { Machine } from './report.ts';
import type { SessionsReport, Sizes } from './sessions.ts';

/** What docs/costs.md is computed from, as docs/measured.json holds it. */
export interface Measured {
  /** The day, such as `2026-11-22`. */
  readonly at: string;
  readonly machine: string;
  /** Processor time of one warm invocation, in milliseconds. */
  readonly cpuMs: FunctionFigures;
  /** The same of a cold start: from the import to the first answer. */
  readonly coldCpuMs: FunctionFigures;
  readonly sizes: Sizes;
}

type FunctionFigures = Readonly<Record<'renewSession' | 'ingestHeartbeat' | 'startSession', number>>;

export function measuredOf({
  machine: { cores, cpuModel, nodeVersion },
  at,
  sessions: { loops, coldCpuMs, sizes },
}: {
  readonly machine: Machine;
  readonly at: Date;
  readonly sessions: SessionsReport;
}): Measured {
  const { renewSession, ingestHeartbeat, startSession } = loops;
  return {
    at: at.toISOString().slice(0, 10),
    machine: `${cores} × ${cpuModel}, Node ${nodeVersion}`,
    cpuMs: {
      renewSession: rounded(renewSession.cpuMs.p50),
      ingestHeartbeat: rounded(ingestHeartbeat.cpuMs.p50),
      startSession: rounded(startSession.cpuMs.p50),
    },
    coldCpuMs: {
      renewSession: rounded(coldCpuMs.renewSession.p50),
      ingestHeartbeat: rounded(coldCpuMs.ingestHeartbeat.p50),
      startSession: rounded(coldCpuMs.startSession.p50),
    },
    sizes,
  };
}

function rounded(ms: number): number {
  return Number(ms.toFixed(3));
}
