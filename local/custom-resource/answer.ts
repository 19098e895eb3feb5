/** What a custom resource's function tells CloudFormation. */
export type Answer =
  | { readonly status: 'SUCCESS'; readonly id: string }
  | { readonly status: 'FAILED'; readonly id: string; readonly reason: string };

export interface Request {
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html */
export const answerLimitBytes = 4096;

/** CloudFormation keeps no longer id. */
const idLimit = 1024;

/**
 * Reads the body that was put to the response URL.
 *
 * @throws saying what CloudFormation would not take
 */
export function readAnswer(body: string, request: Request): Answer {
  const answer = parse(body);
  for (const name of ['StackId', 'RequestId', 'LogicalResourceId'] as const) {
    if (answer[name] !== request[name]) throw new Error(`the answer's ${name} is not the request's`);
  }
  const { Status: status, PhysicalResourceId: id, Reason: reason } = answer;
  if (typeof id !== 'string' || id === '' || id.length > idLimit) {
    throw new Error(`the answer's PhysicalResourceId has to be a text of up to ${idLimit} characters`);
  }
  if (status === 'SUCCESS') return { status, id };
  if (status !== 'FAILED') throw new Error(`the answer's Status is neither SUCCESS nor FAILED`);
  if (typeof reason !== 'string' || reason === '') throw new Error('a failure has to state its Reason');
  return { status, id, reason };
}

function parse(body: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>;
  } catch {
    // said below
  }
  throw new Error('the answer is no JSON object');
}
