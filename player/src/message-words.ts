import * as v from 'valibot';
import { productOf, type Catalog } from '../../shared/domain/catalog.ts';
import type { Entitlement } from '../../shared/domain/entitlements.ts';
import type { EndReason } from '../../shared/domain/sessions.ts';
import { deviceName } from './device-words.ts';
import { countOf, dayOf } from './words.ts';

/** What the words depend on, as it was before the message took effect. */
interface Known {
  readonly catalog: Catalog | undefined;
  readonly entitlements: readonly Entitlement[];
  /** This browser. */
  readonly deviceId: string;
}

/** A message in words; without a version for what is no step in the account's history. */
export interface MessageWords {
  readonly version: string | undefined;
  readonly text: string;
}

const instantOrNone = v.optional(v.nullable(v.string()), null);
const schema = v.variant('type', [
  v.object({
    type: v.picklist(['entitlement.created', 'entitlement.updated']),
    version: v.number(),
    data: v.object({ productId: v.string(), status: v.string(), validUntil: instantOrNone }),
  }),
  v.object({
    type: v.literal('entitlement.deleted'),
    version: v.number(),
    data: v.object({ entitlementId: v.string() }),
  }),
  v.object({ type: v.literal('entitlements.replaced'), version: v.number() }),
  v.object({
    type: v.literal('session.terminated'),
    data: v.object({
      deviceId: v.string(),
      reason: v.picklist(['expired', 'terminated', 'superseded', 'revoked']),
      by: v.optional(v.string()),
    }),
  }),
  v.object({
    type: v.literal('catalog.changed'),
    data: v.object({
      state: v.picklist(['start', 'abort']),
      catalogVersion: v.string(),
      refreshWithinSeconds: v.number(),
    }),
  }),
]);

type Message = v.InferOutput<typeof schema>;

/** What a message says, and nothing for one of a kind that the page does not know. */
export function wordsOf(text: string, known: Known): MessageWords {
  const message = messageIn(text);
  if (!message) return { version: undefined, text: 'Something that this page does not know' };
  const version = 'version' in message ? String(message.version) : undefined;
  return { version, text: sentenceFor(message, known) };
}

/** The announcement of another catalogue, if it is one: within how many seconds, or `called-off`. */
export function waveIn(text: string): number | 'called-off' | undefined {
  const message = messageIn(text);
  if (message?.type !== 'catalog.changed') return undefined;
  return message.data.state === 'abort' ? 'called-off' : message.data.refreshWithinSeconds;
}

function messageIn(text: string): Message | undefined {
  const { success, output } = v.safeParse(schema, JSON.parse(text)); // the library has parsed it before
  return success ? output : undefined;
}

function sentenceFor(message: Message, { catalog, entitlements, deviceId: own }: Known): string {
  const titleOf = (id: string) => (catalog && productOf(catalog, id)?.title) ?? id;
  switch (message.type) {
    case 'entitlement.created':
    case 'entitlement.updated': {
      const { productId, status, validUntil } = message.data;
      return `${titleOf(productId)} is ${status}${validUntil === null ? '' : `, until ${dayOf(validUntil)}`}`;
    }
    case 'entitlement.deleted': {
      const { entitlementId } = message.data;
      const gone = entitlements.find((entitlement) => entitlement.entitlementId === entitlementId);
      return `${gone ? titleOf(gone.productId) : entitlementId} is gone`;
    }
    case 'entitlements.replaced':
      return 'Much has changed at once: read again';
    case 'session.terminated': {
      const { deviceId, reason, by } = message.data;
      const nameOf = (id: string) => (id === own ? 'this browser' : deviceName(id));
      return `A stream on ${nameOf(deviceId)} ${endedBecause(reason, by && nameOf(by))}`;
    }
    default: {
      const { state, catalogVersion, refreshWithinSeconds } = message.data;
      return state === 'abort'
        ? 'The refresh is called off'
        : `Catalogue ${catalogVersion}, within ${countOf(refreshWithinSeconds, 'second')}`;
    }
  }
}

function endedBecause(reason: EndReason, by: string | undefined): string {
  switch (reason) {
    case 'terminated':
      return by === undefined ? 'was ended by another screen or by support' : `was ended by ${by}`;
    case 'superseded':
      return 'was started again elsewhere';
    case 'revoked':
      return 'has ended: the plan has changed';
    default:
      return 'was forgotten';
  }
}
