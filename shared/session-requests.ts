import * as z from 'zod/mini';
import type { StartRequest } from './concurrency/start-session.ts';
import { DEVICE_TYPES } from './domain/catalog.ts';
import { Malformed } from './errors.ts';
import { id } from './id-schema.ts';

const startSchema = z.object({
  deviceId: id,
  playerId: z.optional(id),
  contentId: id,
  deviceType: z._default(z.enum(DEVICE_TYPES), 'web'),
  terminate: z.optional(id),
});

/**
 * The body of `POST /sessions`. A device that names no player is one player.
 * @throws Malformed naming the first field that is wrong
 */
export function parseStart(json: unknown): Omit<StartRequest, 'region'> {
  const parsed = startSchema.safeParse(json);
  if (!parsed.success) throw Malformed.from(parsed.error);
  const { playerId = parsed.data.deviceId, ...rest } = parsed.data;
  return { ...rest, playerId };
}

/** A device that merely says that it plays something, or the player of a session that keeps or ends it. */
export type Heartbeat =
  | { readonly kind: 'device'; readonly deviceId: string; readonly mediaId: string }
  | { readonly kind: 'session'; readonly sessionToken: string; readonly end: boolean };

/** What a device says of itself, by the API or over the topic. */
export const deviceHeartbeat = z.object({ deviceId: id, mediaId: id });
const sessionSchema = z.object({ sessionToken: z.string(), end: z._default(z.boolean(), false) });

/**
 * The body of `POST /heartbeats`: what names a session token is a session's.
 * @throws Malformed naming the first field that is wrong
 */
export function parseHeartbeat(json: unknown): Heartbeat {
  if (typeof json === 'object' && json !== null && 'sessionToken' in json) return parseSessionHeartbeat(json);
  const parsed = deviceHeartbeat.safeParse(json);
  if (!parsed.success) throw Malformed.from(parsed.error);
  return { kind: 'device', ...parsed.data };
}

/** @throws Malformed naming the first field that is wrong */
export function parseSessionHeartbeat(json: unknown): Extract<Heartbeat, { kind: 'session' }> {
  const parsed = sessionSchema.safeParse(json);
  if (!parsed.success) throw Malformed.from(parsed.error);
  return { kind: 'session', ...parsed.data };
}
