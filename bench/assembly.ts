import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadStack } from '../local/cloudformation/assembly.ts';
import { runNode } from '../local/command.ts';

/** Synthesizes the app for the stage `local` into a directory: what `npm start` runs. */
export async function synthesize(outDir: string): Promise<void> {
  const context = { stageName: 'local', ssmStageName: 'local' };
  await runNode(['bin/usher.ts'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: {
      CDK_OUTDIR: outDir,
      CDK_CONTEXT_JSON: JSON.stringify(context),
      CDK_VALIDATION: 'false', // four seconds; `npm run synth` keeps it
    },
  }).done;
}

/** Where a function's bundle lies and what the template tells the function. */
export interface DeployedFunction {
  /** The file in functions/, without `.ts`. */
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What no import looks at: the address of a queue or table is only used by a call. */
const NOWHERE = 'http://127.0.0.1:9/nowhere';

/** The functions of a synthesized app, each with the environment of its template; references lead nowhere. */
export function deployedFunctions(assembly: string): readonly DeployedFunction[] {
  const { name: stackName, template } = loadStack(path.resolve(assembly));
  return Object.values(template.Resources).flatMap(({ Type, Properties = {} }) => {
    const { FunctionName, Environment } = Properties as {
      readonly FunctionName?: unknown;
      readonly Environment?: { readonly Variables?: Readonly<Record<string, unknown>> };
    };
    if (Type !== 'AWS::Lambda::Function' || typeof FunctionName !== 'string') return [];
    const variables = Object.entries(Environment?.Variables ?? {}).map(
      ([variable, value]) => [variable, typeof value === 'string' ? value : NOWHERE] as const,
    );
    const name = FunctionName.slice(`${stackName}-`.length);
    return [{ name, environment: Object.fromEntries(variables) }];
  });
}
