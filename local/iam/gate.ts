import {
  Agent,
  createServer,
  type IncomingMessage,
  request as forward,
  type ServerResponse,
} from 'node:http';
import { listen, type Listening, readBody } from '../loopback.ts';
import { callsOf, type Service } from './calls.ts';
import { allowing, type Call, type Origin, type RoleStatement } from './policies.ts';

export interface Principal {
  readonly functionName: string;
  readonly statements: readonly RoleStatement[];
}

/** What a function asked for, and whether it may. */
export interface Check extends Call {
  readonly functionName: string;
  /** The statement by which it may; `undefined` when it is denied. */
  readonly allowedBy: Origin | undefined;
}

export interface Gate extends Listening {
  /** Who may come, by the access key that their requests are signed with. */
  admit(principals: ReadonlyMap<string, Principal>): void;
}

interface GateSettings {
  readonly region: string;
  readonly accountId: string;
  /** Where each service's stand-in listens. */
  readonly services: Readonly<Record<Service, string>>;
  /** Hears of each denial. */
  readonly log: (functionName: string, line: string) => void;
  /** Hears of each check; of those of one request, also when one of them denies it. */
  readonly onCheck?: ((check: Check) => void) | undefined;
}

/** More than the largest request of any of the services. */
const bodyLimitBytes = 17 * 1024 * 1024;

/**
 * Stands before the AWS stand-ins, as IAM does: passes on, untouched, what the calling function's role allows, and
 * denies the rest as AWS would. Functions reach the stand-ins only through here.
 */
export async function startGate(settings: GateSettings): Promise<Gate> {
  let principals: ReadonlyMap<string, Principal> = new Map();
  const agent = new Agent({ keepAlive: true });

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy()); // as when the stand-in itself cuts the connection
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, bodyLimitBytes);
    if (body === undefined) return void response.writeHead(413).end();
    const signer = readSigner(request.headers.authorization);
    // Cognito's public operations are the only ones that carry no signature.
    const service = signer?.service ?? 'cognito-idp';
    if (!isService(settings.services, service)) {
      return void response.writeHead(501).end(`The service ${service} is not supported by the local runner`);
    }
    if (signer !== undefined) {
      const principal = principals.get(signer.accessKeyId);
      if (principal === undefined) {
        return deny(response, service, 'UnrecognizedClientException', 'The security token is invalid.');
      }
      const target = String(request.headers['x-amz-target'] ?? '');
      const calls = callsOf({ service, target, path: request.url ?? '/', body }, settings);
      const checks = calls.map((call) => checked(principal, call));
      for (const check of checks) settings.onCheck?.(check);
      const denied = checks.find(({ allowedBy }) => allowedBy === undefined);
      if (denied !== undefined) {
        const message = sentence(denied);
        settings.log(principal.functionName, message);
        return deny(response, service, 'AccessDeniedException', message);
      }
    }
    await passOn({ agent, url: settings.services[service] }, request, body, response);
  }

  const listening = await listen(server);
  return {
    ...listening,
    admit(admitted) {
      principals = admitted;
    },
    async stop() {
      agent.destroy();
      await listening.stop();
    },
  };
}

function readSigner(
  authorization: string | undefined,
): { readonly accessKeyId: string; readonly service: string } | undefined {
  const [, accessKeyId, service] =
    /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/\d{8}\/[^/,\s]+\/([^/,\s]+)\/aws4_request/.exec(
      authorization ?? '',
    ) ?? [];
  return accessKeyId === undefined || service === undefined ? undefined : { accessKeyId, service };
}

function isService(services: GateSettings['services'], name: string): name is Service {
  return Object.hasOwn(services, name);
}

function checked({ functionName, statements }: Principal, call: Call): Check {
  return { functionName, ...call, allowedBy: allowing(statements, call)?.origin };
}

function sentence({ functionName, action, resource }: Check): string {
  return `${functionName} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
}

/** SQS has its own name for it; the others share one, with Lambda's status. */
function deny(response: ServerResponse, service: Service, type: string, message: string): void {
  const name = service === 'sqs' && type === 'AccessDeniedException' ? 'AccessDenied' : type;
  const status = service === 'sqs' || service === 'lambda' ? 403 : 400;
  response
    .writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': name })
    .end(JSON.stringify({ __type: name, message, Message: message }));
}

function passOn(
  { agent, url }: { readonly agent: Agent; readonly url: string },
  { method = 'POST', url: path = '/', headers }: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const upstream = forward(`${url}${path}`, { method, headers, agent }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('end', resolve).on('error', reject).pipe(response);
    });
    response.on('close', () => upstream.destroy()); // whoever asked waits no longer: a long poll ends
    upstream.on('error', reject).end(body);
  });
}
