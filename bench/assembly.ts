import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadStack, type Stack } from '../local/cloudformation/assembly.ts';
import { runNode } from '../local/command.ts';

/**
 * Synthesizes the app for the stage `local` into a directory, with the heartbeat URL and
 * Stripe's webhook. What follows the topic
 * `heartbeat` runs all the time, beside whatever is measured: it is there only where it is asked for.
 */
export async function synthesize(
  outDir: string,
  { followHeartbeatTopic = false }: { readonly followHeartbeatTopic?: boolean } = {},
): Promise<void> {
  const context = {
    stageName: 'local',
    ssmStageName: 'local',
    heartbeatUrl: 'true',
    stripe: 'true',
    followHeartbeatTopic: String(followHeartbeatTopic),
  };
  await runNode(['bin/usher.ts'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: {
      CDK_OUTDIR: outDir,
      CDK_CONTEXT_JSON: JSON.stringify(context),
      CDK_VALIDATION: 'false', // four seconds; `npm run synth` keeps it
    },
  }).done;
}

/** What the template tells of a function. */
export interface DeployedFunction {
  /** The file in functions/, without `.ts`. */
  readonly name: string;
  readonly memoryMb: number;
  readonly architecture: string;
  /** Of the lines that the function writes itself. */
  readonly applicationLogLevel: string;
  /** Of the lines that Lambda writes for every invocation. */
  readonly systemLogLevel: string;
  /** Whether X-Ray records its invocations. */
  readonly traced: boolean;
  /** The values that the template states; references to other resources are left out. */
  readonly environment: Readonly<Record<string, string>>;
  readonly references: readonly string[];
}

/** The functions of a synthesized app. */
export function deployedFunctions(assembly: string): readonly DeployedFunction[] {
  return functionsOf(loadStack(path.resolve(assembly)));
}

/** The functions of a template. CDK's own are left out: they have no name of ours. */
export function functionsOf({
  name: stackName,
  template,
}: Pick<Stack, 'name'> & {
  readonly template: Pick<Stack['template'], 'Resources'>;
}): readonly DeployedFunction[] {
  return Object.values(template.Resources).flatMap(({ Type, Properties = {} }) => {
    const { FunctionName, MemorySize, Architectures, LoggingConfig, TracingConfig, Environment } =
      Properties as {
        readonly FunctionName?: unknown;
        readonly MemorySize?: number;
        readonly Architectures?: readonly string[];
        readonly LoggingConfig?: { readonly ApplicationLogLevel?: string; readonly SystemLogLevel?: string };
        readonly TracingConfig?: { readonly Mode?: string };
        readonly Environment?: { readonly Variables?: Readonly<Record<string, unknown>> };
      };
    if (Type !== 'AWS::Lambda::Function' || typeof FunctionName !== 'string') return [];
    const variables = Object.entries(Environment?.Variables ?? {});
    return [
      {
        name: FunctionName.slice(`${stackName}-`.length),
        memoryMb: MemorySize ?? 128,
        architecture: Architectures?.[0] ?? 'x86_64',
        applicationLogLevel: LoggingConfig?.ApplicationLogLevel ?? 'INFO',
        systemLogLevel: LoggingConfig?.SystemLogLevel ?? 'INFO',
        traced: TracingConfig?.Mode === 'Active',
        environment: Object.fromEntries(
          variables.flatMap(([variable, value]) => (typeof value === 'string' ? [[variable, value]] : [])),
        ),
        references: variables.flatMap(([variable, value]) => (typeof value === 'string' ? [] : [variable])),
      },
    ];
  });
}
