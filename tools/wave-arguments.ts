import { parseArgs } from 'node:util';
import {
  LONGEST_WINDOW_SECONDS,
  WAVE_PRIORITIES,
  WAVE_STATES,
  type WavePriority,
  type WaveState,
} from '../shared/domain/catalog-messages.ts';
import { ID } from '../shared/domain/ids.ts';
import { WrongUsage } from './command.ts';

export const USAGE = `npm run wave -- start --stage <name> [--products a,b] [--within 300] [--priority normal] [--wave <id>]
npm run wave -- abort --stage <name> --wave <id>

  --stage      dev, prod, a branch, or local for what npm start runs
  --ssm-stage  whose parameters the stage reads, if not its own
  --products   those that changed; without it any may have
  --within     seconds over which players are spread, 0 to ${LONGEST_WINDOW_SECONDS}
  --priority   ${WAVE_PRIORITIES.join(', ')}: how much sooner those refresh that play what changed
  --wave       the wave's id; made up by start unless given`;

export interface WaveArguments {
  readonly state: WaveState;
  readonly stage: string;
  readonly ssmStage: string | undefined;
  readonly products: readonly string[];
  readonly withinSeconds: number;
  readonly priority: WavePriority;
  readonly waveId: string | undefined;
}

const options = {
  stage: { type: 'string' },
  'ssm-stage': { type: 'string' },
  products: { type: 'string' },
  within: { type: 'string' },
  priority: { type: 'string' },
  wave: { type: 'string' },
} as const;

/** @throws WrongUsage saying which argument is wrong */
export function parseWaveArguments(args: readonly string[]): WaveArguments {
  const { values, positionals } = parsed(args);
  const [state] = positionals;
  if (positionals.length !== 1 || !isOneOf(WAVE_STATES, state)) {
    throw new WrongUsage(`Say one of ${WAVE_STATES.join(', ')}.`);
  }
  const { stage, products, within = '300', priority = 'normal', wave: waveId } = values;
  if (stage === undefined || stage === '') throw new WrongUsage('Say which stage: --stage <name>.');
  if (waveId !== undefined && !ID.test(waveId)) {
    throw new WrongUsage('--wave takes up to 64 letters, digits, dots, underscores and hyphens.');
  }
  if (state === 'abort') {
    if (waveId === undefined)
      throw new WrongUsage('Say which wave to abort: --wave <id>, as start has told it.');
    const pointless = (['products', 'within', 'priority'] as const).find(
      (name) => values[name] !== undefined,
    );
    if (pointless !== undefined) throw new WrongUsage(`abort takes no --${pointless}.`);
  }
  const withinSeconds = /^\d{1,5}$/.test(within) ? Number(within) : Number.NaN;
  if (!(withinSeconds <= LONGEST_WINDOW_SECONDS)) {
    throw new WrongUsage(`--within takes whole seconds from 0 to ${LONGEST_WINDOW_SECONDS}.`);
  }
  if (!isOneOf(WAVE_PRIORITIES, priority)) {
    throw new WrongUsage(`--priority is one of ${WAVE_PRIORITIES.join(', ')}.`);
  }
  return {
    state,
    stage,
    ssmStage: values['ssm-stage'],
    products: productsIn(products),
    withinSeconds,
    priority,
    waveId,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    throw new WrongUsage(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** A list that holds nothing is a slip: it would stand for every product. */
function productsIn(list: string | undefined): readonly string[] {
  if (list === undefined) return [];
  const products = list.split(',').map((product) => product.trim());
  if (products.some((product) => product === '')) throw new WrongUsage('--products takes ids, as in a,b.');
  return [...new Set(products)];
}

function isOneOf<T extends string>(choices: readonly T[], value: string | undefined): value is T {
  return choices.some((choice) => choice === value);
}
