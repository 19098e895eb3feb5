import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { createThrottle } from '../throttle.ts';
import { type Environment, type EnvironmentSettings, type Outcome, startEnvironment } from './environment.ts';

export interface LambdaFunction {
  readonly name: string;
  readonly arn: string;
  /** All that its code finds in `process.env`. */
  readonly variables: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  /** Runs the function with an event given as JSON. Never rejects. */
  invoke(payload: string): Promise<Outcome>;
  /**
   * As after a deployment: what is invoked from now on begins in environments that read the code anew, and what is
   * under way ends in the old ones.
   */
  renew(): Promise<void>;
  stop(): Promise<void>;
}

export interface FunctionSettings extends EnvironmentSettings {
  /** Further invocations are throttled, as AWS does. Absent: none is. */
  readonly reservedConcurrency?: number | undefined;
  /** The clock in ms by which the rate of invocations is counted. */
  readonly now?: () => number;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const payloadLimitBytes = 6 * 1024 * 1024;

/** So many invocations a second for each reserved place, however short they are (the same page). */
const invocationsPerPlace = 10;

/**
 * An account has a thousand; a laptop would rather not start a thousand threads, and has its work done sooner by few
 * that are warm. Further invocations wait.
 */
const threadsAtOnce = Math.min(10, 2 * availableParallelism());

/** Lambda keeps idle environments for some minutes and promises no number. */
const idleMs = 5 * 60_000;

/** A function and its execution environments: idle ones are used again, new ones are started on demand. */
export function createFunction(settings: FunctionSettings): LambdaFunction {
  const { reservedConcurrency: places, now = Date.now, ...ofEnvironments } = settings;
  const admits = places === undefined ? () => true : createAdmission({ now }, places);
  const idle = new Map<Environment, NodeJS.Timeout>();
  const all = new Set<Environment>();
  const outdated = new WeakSet<Environment>();
  const waiting: (() => void)[] = [];
  let admitted = 0;
  let running = 0;
  let stopped = false;

  const take = (): Environment => {
    for (const [environment, timer] of [...idle].toReversed()) {
      idle.delete(environment);
      clearTimeout(timer);
      if (environment.alive) return environment;
      all.delete(environment);
    }
    const started = startEnvironment(ofEnvironments);
    all.add(started);
    return started;
  };
  const release = (environment: Environment) => {
    if (!environment.alive) return all.delete(environment);
    if (outdated.has(environment)) {
      void environment.stop();
      return all.delete(environment);
    }
    const timer = setTimeout(() => {
      idle.delete(environment);
      all.delete(environment);
      void environment.stop();
    }, idleMs);
    return idle.set(environment, timer.unref());
  };
  const enter = async () => {
    if (running < threadsAtOnce) running++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  /** Hands the place to who waits longest, so that nobody can slip in between. */
  const leave = () => {
    const proceed = waiting.shift();
    if (proceed === undefined) running--;
    else proceed();
  };

  const run = async (payload: string): Promise<Outcome> => {
    await enter();
    if (stopped) {
      leave();
      return refused('Runtime.Stopped', 'The function was stopped');
    }
    const environment = take();
    try {
      const outcome = await environment.invoke({ requestId: randomUUID(), payload });
      return outcome.ok && Buffer.byteLength(outcome.payload) > payloadLimitBytes
        ? tooLarge('Function.ResponseSizeTooLarge', 'response')
        : outcome;
    } finally {
      release(environment);
      leave();
    }
  };

  return {
    name: settings.functionName,
    arn: settings.functionArn,
    variables: settings.variables,
    timeoutSeconds: settings.timeoutSeconds,
    async invoke(payload) {
      if (Buffer.byteLength(payload) > payloadLimitBytes) return tooLarge(tooLargeType, 'event');
      if (!admits(admitted)) return throttled;
      admitted++;
      try {
        return await run(payload);
      } finally {
        admitted--;
      }
    },
    async renew() {
      for (const environment of all) outdated.add(environment);
      const ended = [...idle].map(([environment, timer]) => {
        clearTimeout(timer);
        all.delete(environment);
        return environment.stop();
      });
      idle.clear();
      await Promise.all(ended);
    },
    async stop() {
      stopped = true;
      for (const timer of idle.values()) clearTimeout(timer);
      for (const proceed of waiting.splice(0)) proceed();
      await Promise.all([...all].map((environment) => environment.stop()));
    },
  };
}

/** Says for each invocation whether it may begin beside those that are with the function already. */
function createAdmission(clock: { readonly now: () => number }, places: number) {
  const perSecond = places * invocationsPerPlace;
  const withinRate = createThrottle(clock, { rate: perSecond, burst: perSecond });
  return (admitted: number) => admitted < places && withinRate();
}

/** The `errorType` of an invocation that found no free concurrency. */
export const throttledType = 'TooManyRequestsException';

/** The `errorType` of an invocation whose event is over the limit. */
export const tooLargeType = 'RequestTooLargeException';

const throttled = refused(throttledType, 'Rate Exceeded.');

function tooLarge(errorType: string, what: string): Outcome {
  return refused(errorType, `The ${what} exceeds the limit of ${payloadLimitBytes} bytes`);
}

function refused(errorType: string, errorMessage: string): Outcome {
  return { ok: false, error: { errorType, errorMessage } };
}
