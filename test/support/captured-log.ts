import { onTestFinished, vi } from 'vitest';
import { logger } from '../../shared/lambda/log.ts';

/** Everything that is written to the function's log until the test ends, line by line. */
export function capturedLog(): {
  readonly text: () => string;
  readonly lines: () => readonly Record<string, unknown>[];
} {
  const written: string[] = [];
  const keep = (chunk: unknown) => {
    written.push(String(chunk));
    return true;
  };
  const streams = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation(keep),
  );
  const level = logger.getLevelName();
  logger.setLogLevel('DEBUG');
  onTestFinished(() => {
    logger.setLogLevel(level);
    for (const stream of streams) stream.mockRestore();
  });
  return {
    text: () => written.join(''),
    lines: () =>
      written
        .join('')
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}
