import { Session } from 'node:inspector/promises';

/** What is in use after rubbish was collected, in MB: in this thread, and in those of the functions. */
export interface Heap {
  readonly own: number;
  readonly functions: number;
  readonly threads: number;
  /** What the system gave the process, collected or not. */
  readonly resident: number;
}

const MB = 1024 * 1024;

interface Usage {
  readonly usedSize: number;
  readonly backingStorageSize?: number;
}

/**
 * Measures the whole process. A thread's rubbish can be collected from outside by its inspector alone, so all of them
 * are attached to for as long as it takes.
 */
export async function heap(): Promise<Heap> {
  const session = new Session();
  session.connect();
  const threads = new Set<string>();
  const answers = new Map<number, (result: unknown) => void>();
  let sent = 0;
  session.on('NodeWorker.attachedToWorker', ({ params }) => void threads.add(params.sessionId));
  session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
    const { id, result } = JSON.parse(params.message) as { readonly id: number; readonly result: unknown };
    answers.get(id)?.(result);
  });
  const ask = async (sessionId: string, method: string) => {
    const id = (sent += 1);
    const answered = new Promise<unknown>((resolve) => answers.set(id, resolve));
    await session.post('NodeWorker.sendMessageToWorker', {
      sessionId,
      message: JSON.stringify({ id, method }),
    });
    return answered;
  };
  try {
    await session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
    let functions = 0;
    for (const thread of threads) {
      await ask(thread, 'HeapProfiler.collectGarbage');
      functions += bytesOf((await ask(thread, 'Runtime.getHeapUsage')) as Usage);
    }
    await session.post('NodeWorker.disable');
    await session.post('HeapProfiler.collectGarbage');
    await session.post('HeapProfiler.collectGarbage');
    const { heapUsed, external } = process.memoryUsage();
    return {
      own: (heapUsed + external) / MB,
      functions: functions / MB,
      threads: threads.size,
      resident: process.memoryUsage.rss() / MB,
    };
  } finally {
    session.disconnect();
  }
}

function bytesOf({ usedSize, backingStorageSize = 0 }: Usage): number {
  return usedSize + backingStorageSize;
}
