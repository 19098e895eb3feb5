import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod/mini';
import type { ParameterName } from '../lib/parameters.ts';
import { stageNameOf } from '../lib/stage-name.ts';
import { nameIn } from '../lib/stage.ts';
import { PRODUCT_TYPES } from '../shared/domain/catalog.ts';
import { answered, awsAccess } from './aws.ts';
import { Complaint } from './command.ts';

/** A stage as an operator reaches it, with credentials of her own. */
export interface StageAccess {
  /** As its resources bear it: of a branch, what `cdk deploy` makes of its name. */
  readonly name: string;
  /** Whose parameters it reads. */
  readonly ssmName: string;
  readonly momentoCacheName: string;
}

/** @param ssmStageName whose parameters the stage reads, where they are not its own */
export function stageAccess(stageName: string, ssmStageName?: string): StageAccess {
  const name = stageNameOf(stageName);
  return { name, ssmName: ssmStageName ?? name, momentoCacheName: nameIn({ name }) };
}

/** @throws Complaint when AWS does not answer, or one is not there */
export async function readParameters<Name extends ParameterName>(
  { name: stage, ssmName }: StageAccess,
  names: readonly Name[],
): Promise<Readonly<Record<Name, string>>> {
  const prefix = `/usher/${ssmName}/`;
  const access = awsAccess(stage, 'SSM');
  const command = new GetParametersCommand({
    Names: names.map((name) => prefix + name),
    WithDecryption: true,
  });
  const answer = await answered(new SSMClient(access).send(command), 'read the parameters', access);
  const [missing] = answer.InvalidParameters ?? [];
  if (missing !== undefined) {
    throw new Complaint(
      `There is no stage '${ssmName}' here: Parameter Store holds no ${missing}. Look at --stage and AWS_REGION; ` +
        `a stage that shares another's secrets takes --ssm-stage too.`,
    );
  }
  const found = (answer.Parameters ?? []).map(({ Name = '', Value = '' }) => [
    Name.slice(prefix.length),
    Value,
  ]);
  return Object.fromEntries(found) as Readonly<Record<Name, string>>;
}

const deployedCatalog = z.object({
  catalogVersion: z.string(),
  products: z.array(z.object({ productId: z.string(), productType: z.enum(PRODUCT_TYPES) })),
});
export type DeployedCatalog = z.infer<typeof deployedCatalog>;

/** What `GET /catalog` of the stage answers. @throws Complaint when the stage is not deployed, or does not answer */
export async function readDeployedCatalog({
  name: stage,
}: Pick<StageAccess, 'name'>): Promise<DeployedCatalog> {
  const FunctionName = nameIn({ name: stage }, 'read-catalog');
  const access = awsAccess(stage, 'LAMBDA');
  const request = { httpMethod: 'GET', resource: '/catalog', headers: {}, body: null, requestContext: {} };
  const command = new InvokeCommand({ FunctionName, Payload: JSON.stringify(request) });
  const call = new LambdaClient(access).send(command);
  const invoked = await answered(call, `invoke ${FunctionName}`, access).catch((error: unknown) => {
    if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') throw error;
    throw new Complaint(
      `The stage '${stage}' is not deployed here: there is no function ${FunctionName}. Look at AWS_REGION, or ` +
        `deploy it first: npx cdk deploy -c stageName=${stage}`,
      { cause: error },
    );
  });
  const answer = z.safeParse(z.object({ body: z.string() }), jsonOf(invoked.Payload?.transformToString()));
  const catalog = z.safeParse(deployedCatalog, answer.success ? jsonOf(answer.data.body) : undefined);
  if (!catalog.success)
    throw new Complaint(`${FunctionName} does not answer with a catalogue: look at its log.`);
  return catalog.data;
}

function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
