/**
 * The inside of an execution environment: what AWS's Node 24 runtime does around a bundle. Runs in a worker
 * thread, by way of boot.mjs, and talks to environment.ts by messages.
 */
import { existsSync } from 'node:fs';
import { isBuiltin, registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { followClock } from '../clock.ts';
import type { Boot, Invocation, InvocationError, Report } from './protocol.ts';

type Handler = (event: unknown, context: object) => unknown;

const boot = workerData as Boot;
const port = parentPort!;

if (boot.clock !== undefined) followClock(boot.clock);
keepToTheBundle(boot.directory);

try {
  const handler = await loadHandler(boot);
  port.on('message', (invocation: Invocation) => void run(handler, invocation));
  tell({ kind: 'ready' });
} catch (thrown) {
  tell({ kind: 'init-failed', error: describe(thrown) });
}

/**
 * In AWS nothing but the bundle is there. Here it lies inside a repository whose node_modules would answer an import
 * that the bundler left out, so such an import is refused.
 */
function keepToTheBundle(directory: string): void {
  const inside = `${pathToFileURL(directory).href}/`;
  registerHooks({
    resolve(specifier, context, next) {
      if (isBuiltin(specifier)) return next(specifier, context);
      const resolved = next(specifier, context);
      if (resolved.url.startsWith('file:') && !resolved.url.startsWith(inside)) {
        throw Object.assign(
          new Error(`Cannot find package '${specifier}': it is not in the function's bundle`),
          {
            code: 'ERR_MODULE_NOT_FOUND',
          },
        );
      }
      return resolved;
    },
  });
}

async function loadHandler({ directory, handler }: Boot): Promise<Handler> {
  const [, module, name] = /^(.+)\.([^.]+)$/.exec(handler) ?? [];
  if (module === undefined || name === undefined) throw initError('MalformedHandlerName', 'Bad handler');
  const file = ['.js', '.mjs', '.cjs']
    .map((extension) => path.join(directory, module + extension))
    .find((candidate) => existsSync(candidate));
  if (file === undefined) throw initError('ImportModuleError', `Cannot find module '${module}'`);

  const loaded = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const exported = loaded[name] ?? (loaded['default'] as Record<string, unknown> | undefined)?.[name];
  if (typeof exported !== 'function') {
    throw initError('HandlerNotFound', `${handler} is undefined or not exported`);
  }
  if (exported.length >= 3) {
    throw initError('CallbackHandlerDeprecated', 'Node 24 takes no callback: return a promise');
  }
  return exported as Handler;
}

async function run(handler: Handler, invocation: Invocation): Promise<void> {
  const { requestId, payload, deadlineMs } = invocation;
  try {
    const result = await handler(JSON.parse(payload), contextOf(requestId, deadlineMs));
    tell({ kind: 'returned', requestId, payload: JSON.stringify(result) ?? 'null' });
  } catch (thrown) {
    const error = describe(thrown);
    console.error(`Invoke Error ${JSON.stringify(error)}`);
    tell({ kind: 'failed', requestId, error });
  }
}

function contextOf(awsRequestId: string, deadlineMs: number): object {
  return {
    awsRequestId,
    functionName: boot.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: boot.functionArn,
    memoryLimitInMB: String(boot.memoryMb),
    logGroupName: `/aws/lambda/${boot.functionName}`,
    logStreamName: process.env['AWS_LAMBDA_LOG_STREAM_NAME'],
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
}

function describe(thrown: unknown): InvocationError {
  if (!(thrown instanceof Error)) return { errorType: typeof thrown, errorMessage: String(thrown) };
  return {
    errorType: thrown.name,
    errorMessage: thrown.message,
    trace: thrown.stack?.split('\n') ?? [],
  };
}

function initError(type: string, message: string): Error {
  return Object.assign(new Error(message), { name: `Runtime.${type}` });
}

function tell(report: Report): void {
  port.postMessage(report);
}
