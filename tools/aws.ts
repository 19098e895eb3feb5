import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { Complaint } from './command.ts';

/** How a client of one of AWS's services is made; empty = as the operator's environment says. */
export interface AwsAccess {
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly endpoint?: string;
}

type Service = 'SSM' | 'LAMBDA' | 'SQS' | 'COGNITO_IDENTITY_PROVIDER';

const NOT_RUNNING = 'Nothing runs here: start the local stack with npm start, and leave it running.';

/** The stage that `npm start` runs; no stage in AWS is reached by that name. */
export const LOCAL = 'local';

/**
 * The operator's own region and credentials or, for the stage `local`, the stand-ins of `npm start`, which says in
 * `.usher/aws.env` (or where `USHER_DATA` has it) where they are.
 * @throws Complaint when nothing runs locally
 */
export function awsAccess(stage: string, service: Service): AwsAccess {
  if (stage !== LOCAL) return {};
  const {
    AWS_REGION: region = '',
    AWS_ACCESS_KEY_ID: accessKeyId = '',
    AWS_SECRET_ACCESS_KEY: secretAccessKey = '',
    [`AWS_ENDPOINT_URL_${service}`]: endpoint = '',
  } = parseEnv(localFile('aws.env'));
  return { region, credentials: { accessKeyId, secretAccessKey }, endpoint };
}

/** A file that `npm start` keeps while it runs. @throws Complaint when it does not */
export function localFile(name: string): string {
  const { USHER_DATA: chosen } = process.env;
  const dataDirectory = chosen ? path.resolve(chosen) : fileURLToPath(new URL('../.usher', import.meta.url));
  try {
    return readFileSync(path.join(dataDirectory, name), 'utf8');
  } catch (cause) {
    throw new Complaint(NOT_RUNNING, { cause });
  }
}

/** Names under which AWS, or its SDK before it asks, says that the credentials will not do. */
const NO_CREDENTIALS = new Set(['CredentialsProviderError', 'TokenProviderError']);
const BAD_CREDENTIALS =
  /^(ExpiredToken|UnrecognizedClient|InvalidClientTokenId|InvalidSignature|IncompleteSignature)/;

/**
 * Awaits a call to AWS.
 * @param doing what it is for, as in "AWS does not let you …"
 * @throws Complaint for what an operator can mend; anything else as it came
 */
export async function answered<T>(call: Promise<T>, doing: string, { endpoint }: AwsAccess): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw complaintOf(error, doing, endpoint !== undefined) ?? error;
  }
}

function complaintOf(error: unknown, doing: string, local: boolean): Complaint | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name, message, code } = error as Error & { readonly code?: unknown };
  const complain = (text: string) => new Complaint(text, { cause: error });
  if (NO_CREDENTIALS.has(name)) {
    return complain('There are no AWS credentials: sign in (aws sso login), or set AWS_PROFILE.');
  }
  if (message === 'Region is missing') return complain('There is no AWS region: set AWS_REGION.');
  if (BAD_CREDENTIALS.test(name)) {
    return complain(`AWS does not accept the credentials (${name}): sign in again.`);
  }
  if (name.startsWith('AccessDenied')) return complain(`AWS does not let you ${doing}: ${message}`);
  if (typeof code === 'string' || name === 'TimeoutError') {
    const reason = typeof code === 'string' ? code : name;
    return complain(local ? NOT_RUNNING : `AWS cannot be reached to ${doing}: ${reason}.`);
  }
  return undefined;
}
