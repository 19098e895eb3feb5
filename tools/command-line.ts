import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { WrongUsage } from './command.ts';
import { stageAccess, type StageAccess } from './stage.ts';

type Values<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options }>
>['values'];

interface StageCommandLine<Operand extends string, Options extends ParseArgsOptionsConfig> {
  /** As it was typed: a branch, where that is what the stage was deployed by. */
  readonly typed: string;
  readonly stage: StageAccess;
  readonly operands: Readonly<Record<Operand, string>>;
  readonly values: Values<Options>;
}

/** What CDK's context `ssmStageName` takes. */
const SSM_STAGE = /^[a-zA-Z0-9._-]{1,128}$/;

/**
 * Parses `<stage> <operand…> [--option]`; every such command takes `--ssm-stage`.
 * @throws WrongUsage saying which argument is wrong
 */
export function parseStageCommandLine<
  const Operand extends string,
  const Options extends ParseArgsOptionsConfig,
>(
  args: readonly string[],
  { operands: names, options }: { readonly operands: readonly Operand[]; readonly options: Options },
): StageCommandLine<Operand, Options> {
  const { values, positionals } = parsed(args, { ...options, 'ssm-stage': { type: 'string' } });
  const [typed = '', ...rest] = positionals;
  if (typed === '') throw new WrongUsage('Say which stage.');
  const missing = names[rest.length];
  if (missing !== undefined) throw new WrongUsage(`Say which ${missing}.`);
  if (rest.length > names.length) throw new WrongUsage(`'${rest[names.length]}' is one argument too many.`);
  const { 'ssm-stage': ssmStage } = values as { readonly 'ssm-stage'?: string };
  if (ssmStage !== undefined && !SSM_STAGE.test(ssmStage)) {
    throw new WrongUsage('--ssm-stage takes up to 128 letters, digits, dots, underscores and hyphens.');
  }
  return {
    typed,
    stage: stageAccess(typed, ssmStage),
    operands: Object.fromEntries(names.map((name, index) => [name, rest[index] ?? ''])) as Record<
      Operand,
      string
    >,
    values: values as Values<Options>,
  };
}

function parsed(args: readonly string[], options: ParseArgsOptionsConfig) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    throw new WrongUsage(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
