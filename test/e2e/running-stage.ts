import {
  AdminDeleteUserCommand,
  CognitoIdentityProviderClient,
} from '@aws-sdk/client-cognito-identity-provider';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { LocalStack } from '../../local/stack.ts';
import type { StageUnderTest } from '../../tools/run-stage-tests.ts';
import { startStack } from './support.ts';

/**
 * A stage that runs, here or in AWS: what its clients know of it, and who operates it. A test that needs no more runs
 * against both (vitest.config.ts lists the files); {@link LocalStack} has the stand-ins besides, to look into and to
 * have fail.
 */
export interface RunningStage {
  readonly config: Pick<
    LocalStack['config'],
    'apiUrl' | 'region' | 'userPoolId' | 'userPoolClientId' | 'accountClaim' | 'momentoEndpoint'
  > & {
    /** Of the stand-ins alone, as in `/config.json`. */
    readonly cognitoEndpoint?: string;
    readonly storeUrl?: string;
  };
  readonly outputs: LocalStack['outputs'];
  /** Of the stand-ins; in AWS a client finds the service by itself. */
  readonly endpoints?: Pick<LocalStack['endpoints'], 'cognito' | 'ssm'>;
  /** Hears of a viewer who was made for a test. */
  readonly viewerMade?: (username: string, password: string) => void;
  stop(): Promise<void>;
}

/** Whether the stage is started for the test, with stand-ins to look into; `npm run test:stage` is given another. */
export function startsItself(): boolean {
  return process.env['USHER_STAGE_UNDER_TEST'] === undefined;
}

/** The stage that `npm run test:stage` was given, or the synthesized app, started for the test that asks. */
export async function openStage(): Promise<RunningStage> {
  const { USHER_STAGE_UNDER_TEST: given } = process.env;
  return given === undefined ? startStack() : reach(JSON.parse(given) as StageUnderTest);
}

interface Reached<Service extends string> {
  readonly config: { readonly region: string };
  readonly endpoints?: Readonly<Record<Service, string>>;
}

/** How a client of one of AWS's services is made: the stand-ins take any credentials, AWS the operator's own. */
export function awsClient<Service extends string>(
  { config: { region }, endpoints }: Reached<Service>,
  service: Service,
) {
  if (!endpoints) return { region };
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return { region, credentials, endpoint: endpoints[service] };
}

/** A parameter that the stage's own functions read. */
export async function parameterOf(stage: RunningStage, name: string): Promise<string> {
  const ssm = new SSMClient(awsClient(stage, 'ssm'));
  try {
    const Name = `/usher/${stage.outputs['SsmStageName']}/${name}`;
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name, WithDecryption: true }));
    return Parameter!.Value!;
  } finally {
    ssm.destroy();
  }
}

/** The origin of a page that the stage admits: the first of those it was told of. */
export function originOf({ outputs }: Pick<RunningStage, 'outputs'>): string {
  const [first = ''] = (outputs['Origins'] ?? '').split(',');
  if (first === '' || first === '*') throw new Error(`of the origins '${first}' no page can be one`);
  return first;
}

async function reach({ outputs, endpoints }: StageUnderTest): Promise<RunningStage> {
  const usernames: string[] = [];
  const stage = {
    config: {
      apiUrl: outputs['ApiUrl']!,
      region: outputs['Region']!,
      userPoolId: outputs['UserPoolId']!,
      userPoolClientId: outputs['UserPoolClientId']!,
      ...(outputs['AccountClaim'] !== 'sub' && { accountClaim: outputs['AccountClaim']! }),
      momentoEndpoint: '',
      ...(endpoints && { cognitoEndpoint: endpoints.cognito }),
    },
    outputs,
    ...(endpoints && { endpoints }),
    viewerMade: (username: string) => void usernames.push(username),
    stop: () => forget(stage, usernames),
  };
  stage.config.momentoEndpoint = await parameterOf(stage, 'momento-endpoint');
  return stage;
}

async function forget(stage: RunningStage, usernames: readonly string[]): Promise<void> {
  const cognito = new CognitoIdentityProviderClient(awsClient(stage, 'cognito'));
  const { userPoolId: UserPoolId } = stage.config;
  for (const Username of usernames) await cognito.send(new AdminDeleteUserCommand({ UserPoolId, Username }));
  cognito.destroy();
}
