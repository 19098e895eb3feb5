import * as z from 'zod/mini';
import { answered, awsAccess, LOCAL } from './aws.ts';
import { Complaint } from './command.ts';
import { signedFetch, type SignedRequest } from './signed-request.ts';
import { readStackOutputs, type StackOutputs } from './stack-outputs.ts';
import type { StageAccess } from './stage.ts';

/** Support's routes of a stage. Every path begins with the account. @throws Complaint for what the caller can mend */
export interface SupportApi {
  get(path: string, reason?: string): Promise<unknown>;
  put(path: string, body: object): Promise<unknown>;
  remove(path: string, reason: string): Promise<unknown>;
  outputs(): Promise<StackOutputs>;
}

export async function supportApi(stage: StageAccess): Promise<SupportApi> {
  const outputs = await readStackOutputs(stage);
  const { ApiUrl = '', Region: region = '' } = outputs;
  const { credentials } = awsAccess(stage.name, 'SSM');

  async function ask(
    method: SignedRequest['method'],
    path: string,
    more: { reason?: string; body?: object },
  ) {
    const url = new URL(`${ApiUrl}/support/accounts/${path}`);
    if (more.reason !== undefined) url.searchParams.set('reason', more.reason);
    const access = { region, ...(credentials && { credentials }) };
    const asked = signedFetch(access, { method, url, body: more.body }).catch(unreachable);
    const endpoint = stage.name === LOCAL ? { endpoint: ApiUrl } : {};
    const answer = await answered(asked, 'call support’s routes', endpoint);
    const text = await answer.text();
    if (answer.ok) return text === '' ? undefined : (JSON.parse(text) as unknown);
    throw complaintOf(answer, text);
  }

  return {
    get: (path, reason) => ask('GET', path, reason === undefined ? {} : { reason }),
    put: (path, body) => ask('PUT', path, { body }),
    remove: (path, reason) => ask('DELETE', path, { reason }),
    outputs: async () => outputs,
  };
}

/** `fetch` hides in a cause what the socket said. */
function unreachable(error: unknown): never {
  throw error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
}

const problem = z.object({
  title: z.string(),
  detail: z.optional(z.string()),
  reason: z.optional(z.string()),
});

function complaintOf({ status, headers }: Response, text: string): Complaint {
  if (status === 403) {
    const why = headers.get('x-amzn-errortype') ?? 'Forbidden';
    return new Complaint(
      `The API does not let you do that (${why}). If it is AccessDenied, a policy has to allow execute-api:Invoke on ` +
        `this route (docs/support.md); if it speaks of a signature or token, sign in again.`,
    );
  }
  const parsed = problem.safeParse(jsonOf(text));
  if (!parsed.success) return new Complaint(`The API answers ${status}.`);
  const { title, detail, reason } = parsed.data;
  const again =
    status === 503 || status === 429 ? ' Try again in a moment; doing it twice does no harm.' : '';
  return new Complaint(`${[title, detail, reason].filter(Boolean).join(': ')}.${again}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
