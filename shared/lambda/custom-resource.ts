import { setTimeout as sleep } from 'node:timers/promises';
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { describe, logger } from './log.ts';

/** Something that CloudFormation has us make and remove with the stack. Both do nothing where it is done already. */
export interface CustomResource {
  /** Makes what the properties describe and gives its id; CloudFormation removes the one before when it differs. */
  make(properties: Readonly<Record<string, unknown>>): Promise<string>;
  /** The id of what `make` may have left behind where it failed. */
  idOfHalfMade(properties: Readonly<Record<string, unknown>>): string;
  remove(id: string): Promise<void>;
}

/** It cannot be done, for a reason that whoever deploys reads and can mend. */
export class CannotProvide extends Error {}

interface Answer {
  readonly id: string;
  readonly failure?: string;
}

/** Left for the answer, before Lambda ends the function without a word. */
const RESERVE_MS = 10_000;

/** CloudFormation takes 4 KB in all, and shows less. */
const LONGEST_REASON = 900;

const PUT = { tries: 3, eachMs: 2500, pauseMs: 300 };

/**
 * A handler for CloudFormation's requests. It always answers: an unanswered request leaves the deployment waiting
 * until the resource's timeout. A failed creation answers with the id of what may be half made, since CloudFormation
 * removes it then; a failed change keeps the id, so that what is in use is not taken for replaced.
 *
 * @throws when CloudFormation does not take the answer: Lambda then runs the same request again
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
 */
export function customResource(resource: CustomResource) {
  return async (
    event: CloudFormationCustomResourceEvent,
    context: Pick<Context, 'getRemainingTimeInMillis' | 'logGroupName'>,
  ): Promise<void> => {
    const answer = await within(context.getRemainingTimeInMillis() - RESERVE_MS, fulfil(resource, event))
      .then((id): Answer => ({ id }))
      .catch((error: unknown): Answer => {
        logger.error('not provided', { request: event.RequestType, error: describe(error) });
        return { id: idOfFailed(resource, event), failure: reasonOf(error, context) };
      });
    if (answer.failure === undefined) {
      logger.info('provided', { request: event.RequestType, id: answer.id });
    }
    await send(event, answer);
  };
}

async function fulfil(resource: CustomResource, event: CloudFormationCustomResourceEvent): Promise<string> {
  if (event.RequestType !== 'Delete') return resource.make(event.ResourceProperties);
  await resource.remove(event.PhysicalResourceId);
  return event.PhysicalResourceId;
}

function idOfFailed(resource: CustomResource, event: CloudFormationCustomResourceEvent): string {
  return event.RequestType === 'Create'
    ? resource.idOfHalfMade(event.ResourceProperties)
    : event.PhysicalResourceId;
}

/** Texts that are not ours stay in the log: they may hold what should not be shown. */
function reasonOf(error: unknown, { logGroupName }: Pick<Context, 'logGroupName'>): string {
  if (error instanceof CannotProvide) return error.message.slice(0, LONGEST_REASON);
  return `usher failed with an error of its own: the log group ${logGroupName} says which`;
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new CannotProvide('It took too long: try again'));
  const timer = setTimeout(giveUp, ms);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The URL is a permission to answer, so it is told to nobody. */
async function send(event: CloudFormationCustomResourceEvent, { id, failure }: Answer): Promise<void> {
  const { StackId, RequestId, LogicalResourceId, ResponseURL } = event;
  const outcome = failure === undefined ? { Status: 'SUCCESS' } : { Status: 'FAILED', Reason: failure };
  const answer = { ...outcome, PhysicalResourceId: id, StackId, RequestId, LogicalResourceId };
  // As bytes: for a text `fetch` names a content type, which the URL's signature does not cover.
  const body = Buffer.from(JSON.stringify(answer));
  for (let left = PUT.tries; left > 0; left--) {
    const problem = await put(ResponseURL, body);
    if (problem === undefined) return;
    logger.warn('CloudFormation did not take the answer', { problem });
    if (left > 1) await sleep(PUT.pauseMs);
  }
  throw new Error('CloudFormation did not take the answer');
}

/** What was wrong, or nothing. */
async function put(url: string, body: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  try {
    const response = await fetch(url, { method: 'PUT', body, signal: AbortSignal.timeout(PUT.eachMs) });
    await response.arrayBuffer(); // a connection is free for the next only when its answer was read
    return response.ok ? undefined : `status ${response.status}`;
  } catch (error) {
    return error instanceof Error ? error.name : typeof error;
  }
}
