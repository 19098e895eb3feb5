import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Place } from '../../support/secret-scan.ts';
import { synthesized } from '../../support/synthesized.ts';
import type { RecordedAnswer } from './answers.ts';
import type { Life } from './life.ts';
import { environmentOf } from './secrets.ts';
import { itemsOf } from './tables.ts';

export type Kind = 'assembly' | 'environment' | 'log' | 'start-up' | 'answer' | 'message' | 'table' | 'queue';

/** All that a life has left behind, by what kind of place it is. */
export async function placesOf(
  { stage, heard, queued }: Life,
  {
    answers,
    reported,
  }: { readonly answers: readonly RecordedAnswer[]; readonly reported: readonly string[] },
): Promise<Readonly<Record<Kind, readonly Place[]>>> {
  const logs = Map.groupBy(stage.logs, ({ functionName }) => functionName);
  return {
    assembly: filesIn(synthesized().assembly),
    environment: [...stage.variables].map(([functionName, variables]) =>
      place(environmentOf(functionName), [JSON.stringify(variables)]),
    ),
    log: [...logs].map(([source, lines]) =>
      place(
        `the log of ${source}`,
        lines.map(({ line }) => line),
      ),
    ),
    'start-up': [place('what the runner reports', reported)],
    answer: answers,
    message: [place('what players heard', heard)],
    table: [place('the table', await itemsOf(stage))],
    queue: [place('the queues', queued)],
  };
}

function place(name: string, lines: readonly string[]): Place {
  return { name, text: lines.join('\n') };
}

/** The template, the lists of assets, and every file of every bundle. */
function filesIn(directory: string): readonly Place[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((file) => join(directory, file))
    .filter((file) => statSync(file).isFile())
    .map((file) => ({ name: relative(directory, file), text: readFileSync(file, 'latin1') }));
}
