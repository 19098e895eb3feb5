import type { Tally } from './check-schedules.ts';
import type { FakeTime } from './fake-time.ts';

/** What happens in one schedule, in its order and by its clock, and the first law that is broken. */
export function createJournal(time: Pick<FakeTime, 'now'>) {
  const startMs = time.now();
  const tally: Tally = {};
  const lines: string[] = [];
  let broken: Error | undefined;

  const seconds = (atMs = time.now()) => ((atMs - startMs) / 1000).toFixed(1);
  const write = (text: string) => void lines.push(`${seconds()} ${text}`);

  return {
    /** How often what was noted has happened. */
    tally,
    /** Since the schedule began. */
    seconds,
    write,
    note: (what: string, which = '') => {
      tally[what] = (tally[what] ?? 0) + 1;
      write(`${what} ${which}`.trimEnd());
    },
    /** What is thrown in the library's own hands would be caught there, so this is thrown by the next step. */
    breach: (law: string): Error => {
      write('BREACH');
      return (broken ??= new Error(law));
    },
    /** Throws the first breach there was. */
    check: () => {
      if (broken) throw broken;
    },
    /** The same error, with what happened until then. */
    told: (error: unknown) => new Error(`${(error as Error).message}\n${lines.join('\n')}`, { cause: error }),
  };
}
