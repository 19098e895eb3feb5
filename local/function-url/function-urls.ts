import type { Identity, Resolver } from '../cloudformation/resolver.ts';
import type { LambdaFunction } from '../lambda/function.ts';
import type { Cors } from './cors.ts';
import { corsProblems } from './cors.ts';
import { missingGrants } from './grants.ts';
import { type FunctionUrlServer, startFunctionUrlServer } from './server.ts';

export interface FunctionUrls {
  /** What `Ref` and `Fn::GetAtt` give for each URL, by its logical id. */
  readonly identities: ReadonlyMap<string, Identity>;
  /** Puts the functions behind their URLs. Throws, naming the URL that none belongs to. */
  serve(functions: Iterable<LambdaFunction>): void;
  stop(): Promise<void>;
}

interface Settings {
  readonly resolver: Resolver;
  /** Of the template's first URL; further ones take any that is free. */
  readonly port?: number | undefined;
  readonly log: (source: string, line: string) => void;
}

interface Properties {
  readonly AuthType?: string;
  readonly Cors?: Cors;
  readonly TargetFunctionArn?: string;
}

/**
 * Opens a port for every function URL of the template, before there are functions: their addresses are among the
 * functions' environment variables.
 *
 * @throws naming the URL and what of it cannot be honoured.
 */
export async function startFunctionUrls({ resolver, port, log }: Settings): Promise<FunctionUrls> {
  const urls = resolver
    .resources('AWS::Lambda::Url')
    .map(([logicalId]) => ({ logicalId, ...readUrl(resolver, logicalId) }));
  const servers: FunctionUrlServer[] = [];
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    for (const [index, { logicalId }] of urls.entries()) {
      const own = { port: index === 0 ? port : 0, log: (line: string) => log(logicalId, line) };
      servers.push(await startFunctionUrlServer(own));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    identities: new Map(
      urls.map(({ logicalId, targetArn }, index) => [
        logicalId,
        {
          ref: targetArn,
          attributes: { FunctionArn: targetArn, FunctionUrl: `${servers[index]?.url}/` },
        },
      ]),
    ),
    serve(functions) {
      const all = [...functions];
      for (const [index, { logicalId, targetArn, cors }] of urls.entries()) {
        const target = all.find(({ name, arn }) => arn === targetArn || name === targetArn);
        if (target === undefined) {
          throw new Error(`${logicalId}: TargetFunctionArn ${targetArn} is no function of the template`);
        }
        const missing = missingGrants(resolver, target);
        if (missing.length > 0) {
          log(logicalId, `answers 403: the template does not grant ${missing.join(', nor ')}`);
        }
        servers[index]?.serve({ target, cors, isPublic: missing.length === 0 });
      }
    },
    stop,
  };
}

function readUrl(
  resolver: Resolver,
  logicalId: string,
): { readonly targetArn: string; readonly cors: Cors | undefined } {
  const { AuthType, Cors: cors, TargetFunctionArn } = resolver.properties(logicalId) as Properties;
  const [problem] = [
    ...(AuthType === undefined ? ['AuthType is missing'] : []),
    ...(TargetFunctionArn === undefined ? ['TargetFunctionArn is missing'] : []),
    ...corsProblems(cors ?? {}),
  ];
  if (problem !== undefined) throw new Error(`${logicalId} (AWS::Lambda::Url): ${problem}`);
  return { targetArn: TargetFunctionArn ?? '', cors };
}
