import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import path from 'node:path';
import { writeAddresses, writeOutputs } from './addresses.ts';
import { type Clock, followClock } from './clock.ts';
import { createIamAuthorizer } from './api-gateway/iam-authorizer.ts';
import { readRestApi } from './api-gateway/rest-api.ts';
import { startRestApiServer } from './api-gateway/server.ts';
import { createResolver, type Identity } from './cloudformation/resolver.ts';
import { provideCustomResources } from './custom-resource/provide.ts';
import { type CognitoStandIn, startCognito } from './cognito/server.ts';
import { demoUser, ensureDemoUser } from './demo-user.ts';
import { startDynamoDb, type DynamoDbStandIn } from './dynamodb/server.ts';
import { createTables } from './dynamodb/tables.ts';
import { startEventSources } from './event-source/event-sources.ts';
import { startFunctionUrls } from './function-url/function-urls.ts';
import { callersOf, OPERATOR } from './iam/callers.ts';
import { type Check, type Principal, startGate } from './iam/gate.ts';
import { readPrincipals } from './iam/principals.ts';
import { identify, physicalName } from './identities.ts';
import { createFunctions } from './lambda/functions.ts';
import { startLambdaService } from './lambda/service.ts';
import { createLifetime, type Lifetime } from './lifetime.ts';
import { type MomentoStandIn, startMomento } from './momento/server.ts';
import { startPlayerServer } from './player-server/server.ts';
import { checkoutSecret, ensureSecrets } from './secrets.ts';
import { keptSigningSecret } from './signing-secret.ts';
import { createQueues } from './sqs/queues.ts';
import { startSqs } from './sqs/server.ts';
import { type SsmStandIn, startSsm } from './ssm/server.ts';
import { startStore } from './store/server.ts';
import { accountId, defaultRegion, readTemplate, surroundings } from './template.ts';
import { createUserPools } from './user-pools.ts';

export interface LocalOptions {
  /** The directory `cdk synth` wrote. */
  readonly assembly: string;
  /** Keeps queues, tables, users and secrets across starts; without it everything lives in memory. */
  readonly dataDir?: string;
  /** Port of each server; the default, 0, takes any free one. */
  readonly ports?: Partial<Readonly<Record<PortName, number>>>;
  /** The built player; without it the player's origin says that there is none. */
  readonly playerDir?: string;
  /** Whether each function may do only what its role allows, as in AWS; `ignored` saves a hop per call. */
  readonly permissions?: 'enforced' | 'ignored';
  /** Hears of each permission that a function needs, given or not, where permissions are enforced. */
  readonly onCheck?: (check: Check) => void;
  /** Put forward, time passes for the stand-ins, the functions and, while the stack runs, this process's `Date`. */
  readonly clock?: Clock;
  /** Hears of each step as it is done. */
  readonly report?: (line: string) => void;
  /** Hears each line a function logs; without it they are kept in {@link LocalStack.logs}. */
  readonly log?: (functionName: string, line: string) => void;
}

export type PortName =
  | 'player'
  | 'api'
  | 'momento'
  | 'store'
  | 'cognito'
  /** The template's first function URL; further ones take any free port. */
  | 'functionUrl'
  | 'sqs'
  | 'dynamodb'
  | 'ssm'
  | 'lambda';

export interface LocalStack {
  /** What `/config.json` says. */
  readonly config: {
    readonly apiUrl: string;
    readonly region: string;
    readonly userPoolId: string;
    readonly userPoolClientId: string;
    /** Which claim of an ID token names the account, where it is not `sub`. */
    readonly accountClaim?: string;
    readonly cognitoEndpoint: string;
    readonly momentoEndpoint: string;
    readonly storeUrl: string;
    readonly demoUser: { readonly username: string; readonly password: string };
  };
  readonly playerUrl: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly endpoints: Readonly<Record<'sqs' | 'dynamodb' | 'ssm' | 'cognito' | 'lambda', string>>;
  readonly momento: MomentoStandIn;
  readonly ssm: SsmStandIn;
  readonly dynamodb: Pick<DynamoDbStandIn, 'calls' | 'callsBy' | 'throttle' | 'unthrottle' | 'throttled'>;
  readonly cognito: CognitoStandIn;
  /** What each function may do, by its name. */
  readonly principals: ReadonlyMap<string, Principal>;
  /** All that each function finds in its environment, by its name. */
  readonly variables: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** What the functions have logged. Empty for who hears each line: a runner that is left on for days must not grow. */
  readonly logs: readonly { readonly functionName: string; readonly line: string }[];
  /** Runs a function, named as in AWS or by its logical id. Throws what the function threw. */
  invoke(functionName: string, payload: unknown): Promise<unknown>;
  /** Has the functions begin anew with the code that lies in the assembly by now, as after `cdk deploy`. */
  deploy(): Promise<void>;
  /** Stops everything in reverse; what was kept in `dataDir` stays. */
  stop(): Promise<void>;
}

const ssmStageName = 'local';

/** Runs a synthesized app on this machine. When a step fails, what already runs is stopped before it throws. */
export async function startLocal(options: LocalOptions): Promise<LocalStack> {
  const lifetime = createLifetime();
  try {
    return await start(options, lifetime);
  } catch (error) {
    await lifetime.stop().catch(() => {}); // the first failure is the one to be told
    throw error;
  }
}

async function start(options: LocalOptions, lifetime: Lifetime): Promise<LocalStack> {
  const { assembly, dataDir, ports = {}, report = () => {} } = options;
  const step = steps(report);
  if (options.clock) lifetime.stopWith(followClock(options.clock));
  const kept = (name: string) => (dataDir === undefined ? undefined : path.join(dataDir, name));
  const logs: { functionName: string; line: string }[] = [];
  const log = (functionName: string, line: string) => {
    if (options.log) options.log(functionName, line);
    else logs.push({ functionName, line });
  };
  const running = async <T extends { stop(): Promise<void> }>(name: string, starting: () => Promise<T>) => {
    const started = await step(name, starting);
    lifetime.stopWith(() => started.stop());
    return started;
  };

  const stack = await step('The template can be honoured', () => readTemplate(assembly));
  const region = stack.region ?? defaultRegion;

  const ssm = await running('Parameter Store', () =>
    startSsm({ ...port(ports.ssm), ...file(kept('ssm.json')), region }),
  );
  const momento = await running('Momento', () =>
    startMomento({
      ...port(ports.momento),
      signingSecret: keptSigningSecret(kept('momento-signing-secret')),
    }),
  );
  const cognito = await running('Cognito', () =>
    startCognito({
      ...port(ports.cognito),
      ...file(kept('cognito.json')),
      region,
      onCode: (username, code) => report(`The code that confirms ${username}: ${code}`),
    }),
  );
  const sqs = await running('SQS', () => startSqs({ region, port: ports.sqs, directory: kept('sqs') }));
  const dynamodb = await running('DynamoDB', () =>
    startDynamoDb({ port: ports.dynamodb, directory: kept('dynamodb') }),
  );
  const lambda = await running('Lambda', () => startLambdaService({ ...port(ports.lambda) }));
  const api = await running('API Gateway', () =>
    startRestApiServer({ port: ports.api, log: (line) => log('api-gateway', line) }),
  );
  const endpoints = {
    sqs: sqs.url,
    dynamodb: dynamodb.url,
    ssm: ssm.url,
    cognito: cognito.url,
    lambda: lambda.url,
  };

  const gate =
    options.permissions === 'ignored'
      ? undefined
      : await running('IAM', () =>
          startGate({
            region,
            accountId,
            services: { ...endpoints, 'cognito-idp': endpoints.cognito },
            log,
            onCheck: options.onCheck,
          }),
        );

  /** Of what gets its identity when it is created: user pools and their clients, function URLs. */
  const identities = new Map<string, Identity>();
  const identityOf = (logicalId: string) =>
    identities.get(logicalId) ?? identify({ stack, region, accountId, sqsUrl: sqs.url }, logicalId);
  const addresses = new Map([[`https://local.execute-api.${region}.amazonaws.com`, api.url]]);
  const world = {
    ...surroundings(stack, region),
    identityOf,
    ssmParameter: (name: string) => ssm.get(name),
  };
  const resolver = createResolver({ ...world, addresses });
  // Where there is a gate, functions reach the stand-ins through it alone, by the addresses of queues too.
  const functionResolver = createResolver({
    ...world,
    addresses: new Map([...addresses, [sqs.url, gate?.url ?? sqs.url]]),
  });
  const client = { region, credentials: OPERATOR };
  const clients = {
    sqs: new SQSClient({ ...client, endpoint: sqs.url }),
    dynamoDb: new DynamoDBClient({ ...client, endpoint: dynamodb.url }),
    cognito: new CognitoIdentityProviderClient({ ...client, endpoint: cognito.url }),
  };
  for (const one of Object.values(clients)) lifetime.stopWith(() => one.destroy());

  const nameOf = (logicalId: string) => physicalName(stack, logicalId);
  await step('Queues', () => createQueues(clients, resolver, nameOf));
  await step('Tables', () => createTables(clients, resolver, nameOf));
  await step('User pools', () =>
    createUserPools({ cognito }, { resolver, region, accountId, nameOf, identities }),
  );
  const functionUrls = await running('Function URLs', () =>
    startFunctionUrls({ resolver, port: ports.functionUrl, log }),
  );
  for (const [logicalId, identity] of functionUrls.identities) identities.set(logicalId, identity);
  const outputs = resolver.outputs();
  await step('Secrets', () => ensureSecrets({ ssm, momento }, { ssmStageName }));
  const { UserPoolId, UserPoolClientId, ApiUrl, AccountClaim = 'sub' } = outputs;
  if (UserPoolId !== undefined)
    await step('Demo user', () => ensureDemoUser(clients, UserPoolId, AccountClaim));

  const functions = await step('Functions', () =>
    createFunctions({
      stack,
      resolver: functionResolver,
      region,
      identityOf,
      endpointVariables: endpointVariables(endpoints, gate?.url),
      log,
      clock: options.clock,
    }),
  );
  lifetime.stopWith(async () => {
    await Promise.all([...functions.values()].map((one) => one.stop()));
  });
  const principals = readPrincipals({ resolver, identityOf });
  gate?.admit(principals);
  lambda.serve(functions.values());
  await step('Custom resources', () =>
    provideCustomResources({
      resolver,
      stackId: world.pseudoParameters['AWS::StackId'] ?? '',
      functions: functions.values(),
    }),
  );
  functionUrls.serve(functions.values());
  const restApi = readRestApi({
    resolver,
    userPools: { issuer: (id) => cognito.issuer(id), jwks: { keys: [...cognito.jwks.keys] } },
    iam: createIamAuthorizer({
      region,
      accountId,
      callers: callersOf({ functions: functions.values(), principals }, { region, accountId }),
      now: () => Date.now(),
    }),
    functions: new Map([...functions.values()].map((one) => [one.arn, one])),
    idOf: (logicalId) => identityOf(logicalId)?.ref ?? logicalId,
  });
  if (restApi !== undefined) api.serve(restApi);
  /** Lambda polls a queue as the function that it polls for. */
  const sqsFor = (functionName: string) => {
    const credentials = { accessKeyId: functionName, secretAccessKey: 'local' };
    const endpoint = gate?.url ?? sqs.url;
    const polling = new SQSClient({ region, endpoint, credentials, useQueueUrlAsEndpoint: false });
    lifetime.stopWith(() => polling.destroy());
    return polling;
  };
  const stopSources = await step('Event sources', () =>
    startEventSources({ sqsFor, functions, log }, { resolver, region, identityOf }),
  );
  lifetime.stopWith(stopSources);

  const apiUrl = (ApiUrl ?? api.url).replace(/\/$/, '');
  const store = await running('Store', () =>
    startStore({ port: ports.store, apiUrl, secret: () => checkoutSecret(ssm, { ssmStageName }) }),
  );
  const config = {
    apiUrl,
    region,
    userPoolId: UserPoolId ?? '',
    userPoolClientId: UserPoolClientId ?? '',
    ...(AccountClaim !== 'sub' && { accountClaim: AccountClaim }),
    cognitoEndpoint: cognito.url,
    momentoEndpoint: momento.url,
    storeUrl: store.url,
    demoUser,
  };
  const player = await running('Player', () =>
    startPlayerServer({ port: ports.player, directory: options.playerDir, config }),
  );
  if (dataDir !== undefined) {
    lifetime.stopWith(
      writeAddresses(dataDir, {
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: client.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: client.credentials.secretAccessKey,
        ...endpointVariables(endpoints, undefined),
      }),
    );
    lifetime.stopWith(writeOutputs(dataDir, outputs));
  }

  return {
    config,
    // The same loopback, by the name that the stage's origins carry.
    playerUrl: `http://localhost:${player.port}`,
    outputs,
    endpoints,
    momento,
    ssm,
    dynamodb,
    cognito,
    principals,
    variables: new Map([...functions.values()].map((one) => [one.name, one.variables])),
    logs,
    async invoke(functionName, payload) {
      const target =
        functions.get(functionName) ?? [...functions.values()].find(({ name }) => name === functionName);
      if (target === undefined) {
        const names = [...functions.values()].map(({ name }) => name).join(', ');
        throw new Error(`There is no function ${functionName}; there are ${names}`);
      }
      const outcome = await target.invoke(JSON.stringify(payload ?? {}));
      if (outcome.ok) return JSON.parse(outcome.payload) as unknown;
      throw Object.assign(new Error(outcome.error.errorMessage), { name: outcome.error.errorType });
    },
    async deploy() {
      await Promise.all([...functions.values()].map((one) => one.renew()));
    },
    stop: () => lifetime.stop(),
  };
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html */
function endpointVariables(
  { cognito, dynamodb, lambda, sqs, ssm }: LocalStack['endpoints'],
  gateUrl: string | undefined,
): Readonly<Record<string, string>> {
  const services = {
    COGNITO_IDENTITY_PROVIDER: cognito,
    DYNAMODB: dynamodb,
    LAMBDA: lambda,
    SQS: sqs,
    SSM: ssm,
  };
  return Object.fromEntries(
    Object.entries(services).map(([service, url]) => [`AWS_ENDPOINT_URL_${service}`, gateUrl ?? url]),
  );
}

function steps(report: (line: string) => void) {
  return async <T>(what: string, work: () => Promise<T> | T): Promise<T> => {
    const startedMs = performance.now();
    const result = await work();
    report(`${what} (${Math.round(performance.now() - startedMs)} ms)`);
    return result;
  };
}

function port(number: number | undefined): { readonly port?: number } {
  return number === undefined ? {} : { port: number };
}

function file(name: string | undefined): { readonly file?: string } {
  return name === undefined ? {} : { file: name };
}
