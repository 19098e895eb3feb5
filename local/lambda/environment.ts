import type { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import type { Boot, Invocation, InvocationError, Report } from './protocol.ts';

export type Outcome =
  | { readonly ok: true; readonly payload: string }
  | { readonly ok: false; readonly error: InvocationError };

export interface EnvironmentSettings extends Boot {
  readonly timeoutSeconds: number;
  /** All that `process.env` holds; nothing of the runner's own is inherited. */
  readonly variables: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

export interface Environment {
  /** One invocation at a time. Never rejects: whatever goes wrong is an outcome. */
  invoke(invocation: Omit<Invocation, 'deadlineMs'>): Promise<Outcome>;
  /** False once the thread has ended, by a timeout, a crash or `stop`. */
  readonly alive: boolean;
  stop(): Promise<void>;
}

/** Lambda's own limit for loading the code; it counts apart from the function's timeout. */
const initSeconds = 10;

/**
 * One execution environment: a worker thread with an environment of its own. The bundle is imported from where the
 * synthesis put it, once per thread. Unlike in AWS the thread is not frozen between invocations.
 */
export function startEnvironment(settings: EnvironmentSettings): Environment {
  const { variables, log, timeoutSeconds, ...boot } = settings;
  const worker = new Worker(new URL('./boot.mjs', import.meta.url), {
    workerData: boot satisfies Boot,
    env: { ...variables },
    execArgv: [],
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: boot.memoryMb },
  });
  for (const stream of [worker.stdout, worker.stderr]) eachLine(stream, log);

  let ended: InvocationError | undefined;
  let settle: (report: Report | Ended) => void = () => {};
  const end = (error: InvocationError) => {
    ended ??= error;
    settle({ kind: 'ended', error: ended });
  };
  worker.on('message', (report: Report) => settle(report));
  worker.on('error', (error: Error) => end({ errorType: crashName(error), errorMessage: error.message }));
  worker.on('exit', (code) =>
    end({ errorType: 'Runtime.ExitError', errorMessage: `Runtime exited with exit status ${code}` }),
  );

  const nextReport = (seconds: number, requestId: string) =>
    new Promise<Report | Ended>((resolve) => {
      if (ended !== undefined) return resolve({ kind: 'ended', error: ended });
      const timer = setTimeout(() => end(timedOut(requestId, seconds)), seconds * 1000);
      settle = (report) => {
        clearTimeout(timer);
        resolve(report);
      };
    });
  const giveUp = async (error: InvocationError): Promise<Outcome> => {
    if (error !== stopped) log(`${error.errorType}: ${error.errorMessage}`);
    end(error);
    await worker.terminate();
    return { ok: false, error };
  };

  const started = nextReport(initSeconds, 'init');
  return {
    get alive() {
      return ended === undefined;
    },
    async invoke(invocation) {
      const start = await started;
      if (start.kind !== 'ready') return giveUp(errorOf(start));
      const reported = nextReport(timeoutSeconds, invocation.requestId);
      const deadlineMs = Date.now() + timeoutSeconds * 1000;
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      worker.postMessage({ ...invocation, deadlineMs } satisfies Invocation);
      const report = await reported;
      if (report.kind === 'returned') return { ok: true, payload: report.payload };
      // A handler that merely threw keeps its environment; after anything else Lambda begins afresh.
      return report.kind === 'failed' ? { ok: false, error: report.error } : giveUp(errorOf(report));
    },
    async stop() {
      end(stopped);
      await worker.terminate();
    },
  };
}

/** Line by line as they come, and at the end what is left. Every request logs: this does no more than it must. */
function eachLine(stream: Readable, tell: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) tell(line);
  });
  stream.on('end', () => {
    if (rest !== '') tell(rest);
  });
}

/** Nothing went wrong with the function, so it is not told in its log. */
const stopped: InvocationError = {
  errorType: 'Runtime.Stopped',
  errorMessage: 'The environment was stopped',
};

interface Ended {
  readonly kind: 'ended';
  readonly error: InvocationError;
}

function errorOf(report: Report | Ended): InvocationError {
  return 'error' in report ? report.error : { errorType: 'Runtime.Unknown', errorMessage: report.kind };
}

function timedOut(requestId: string, seconds: number): InvocationError {
  return {
    errorType: 'Sandbox.Timedout',
    errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`,
  };
}

function crashName(error: Error & { code?: string }): string {
  return error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'Runtime.OutOfMemory' : 'Runtime.UnhandledError';
}
