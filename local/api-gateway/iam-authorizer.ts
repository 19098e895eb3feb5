import { allowing, type Statement } from '../iam/policies.ts';
import type { Refusal } from './gateway-responses.ts';
import {
  isSignedWith,
  misstated,
  readCredential,
  valueOf,
  type Credential,
  type SignedRequest,
} from './signature-v4.ts';

/** Somebody of the AWS account, and what identity-based policies let them do. */
export interface Caller {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials, which are worth nothing without it. */
  readonly sessionToken?: string | undefined;
  /** `arn:aws:iam::000000000000:user/local` */
  readonly arn: string;
  readonly statements: readonly Statement[];
}

export type IamAuthorization = { readonly caller: Caller } | { readonly refused: Refusal };

/** Decides about a request for a method of the API, named as IAM names it: `{api}/{stage}/GET/support/accounts/ada`. */
export type IamAuthorizer = (request: SignedRequest, method: string) => IamAuthorization;

interface Settings {
  readonly region: string;
  readonly accountId: string;
  readonly callers: readonly Caller[];
  readonly now: () => number;
}

/** AWS takes a signature whose time is at most this far from its own. */
const SKEW_MS = 5 * 60_000;

/**
 * API Gateway's authorization of type AWS_IAM: verifies the signature (version 4, in the `Authorization` header; one in
 * the query is not understood here, and counts as none) and asks whether the caller's policies allow `execute-api:Invoke`
 * on the method.
 */
export function createIamAuthorizer({ region, accountId, callers, now }: Settings): IamAuthorizer {
  const byKey = new Map(callers.map((caller) => [caller.accessKeyId, caller]));

  return (request, method) => {
    const authorization = valueOf(request, 'authorization');
    if (authorization === undefined) return { refused: { type: 'MISSING_AUTHENTICATION_TOKEN' } };
    const credential = readCredential(authorization);
    if (!credential) return refused('IncompleteSignatureException', INCOMPLETE);
    const caller = byKey.get(credential.accessKeyId);
    if (!caller || valueOf(request, 'x-amz-security-token') !== caller.sessionToken) {
      return refused('UnrecognizedClientException', 'The security token included in the request is invalid.');
    }
    const complaint = complaintOf(credential, request, { region, nowMs: now() });
    if (complaint !== undefined) return refused('InvalidSignatureException', complaint);
    if (!isSignedWith(caller.secretAccessKey, credential, request)) {
      return refused('InvalidSignatureException', MISMATCH);
    }
    const resource = (account: string) => `arn:aws:execute-api:${region}:${account}:${method}`;
    if (allowing(caller.statements, { action: 'execute-api:Invoke', resource: resource(accountId) })) {
      return { caller };
    }
    // As AWS tells it to whoever asks: with the last digits of the account alone.
    const told = resource(accountId.slice(-4).padStart(accountId.length, '*'));
    return {
      refused: {
        type: 'ACCESS_DENIED',
        errorType: 'AccessDeniedException',
        message: `User: ${caller.arn} is not authorized to perform: execute-api:Invoke on resource: ${told}`,
      },
    };
  };
}

const INCOMPLETE =
  "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. " +
  "Authorization header requires 'SignedHeaders' parameter.";
const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key ' +
  'and signing method. Consult the service documentation for details.';

/** AWS tells nobody under which type it answers with an unknown key or half a signature; our answer is the same. */
function refused(errorType: string, message: string): IamAuthorization {
  return { refused: { type: 'INVALID_SIGNATURE', errorType, message } };
}

/** What is wrong with a signature before it is calculated. */
function complaintOf(
  credential: Credential,
  request: SignedRequest,
  { region, nowMs }: { readonly region: string; readonly nowMs: number },
): string | undefined {
  const { service, region: scoped, day } = credential;
  if (service !== 'execute-api') return "Credential should be scoped to correct service: 'execute-api'.";
  if (scoped !== region) return `Credential should be scoped to a valid region, not '${scoped}'.`;
  const header = misstated(credential, request);
  if (header !== undefined)
    return `'${header}' is signed and not sent, or sent and not signed, or out of order.`;
  const date = valueOf(request, 'x-amz-date') ?? '';
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  const [year, month, dayOfMonth, hour, minute, second] = parts;
  const signedAtMs = Date.parse(`${year}-${month}-${dayOfMonth}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(signedAtMs) || !date.startsWith(day)) {
    return "Date must be in ISO-8601 'basic format', and of the credential's day.";
  }
  if (Math.abs(nowMs - signedAtMs) <= SKEW_MS) return undefined;
  return signedAtMs < nowMs
    ? `Signature expired: ${date} is too old.`
    : `Signature not yet current: ${date}.`;
}
