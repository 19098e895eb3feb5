import * as v from 'valibot';
import { Refusal } from '../../client/src/index.ts';
import type { CheckoutEvent } from './store.ts';

/**
 * Has the stand-in of the payment side sign the event and deliver it. A page could not: it keeps no secret.
 * @throws Refusal with what the service answered to the delivery; TypeError when the stand-in cannot be reached.
 */
export async function deliver(event: CheckoutEvent, storeUrl: string): Promise<void> {
  const response = await fetch(`${storeUrl}/events`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(event),
    signal: AbortSignal.timeout(15_000),
  });
  if (!response.ok) throw await refusalOf(response);
}

const problemSchema = v.object({ type: v.string(), detail: v.optional(v.string(), '') });

/** The stand-in passes on what the service answered: a problem document, if anything went through to it. */
async function refusalOf(response: Response): Promise<Refusal> {
  const problem: unknown = await response.json().catch(() => undefined);
  const { success, output } = v.safeParse(problemSchema, problem);
  const slug = success ? (/^urn:usher:problem:(.+)$/.exec(output.type)?.[1] ?? '') : '';
  return new Refusal(response.status, slug, success ? output.detail : '');
}
