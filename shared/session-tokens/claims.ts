import * as z from 'zod/mini';
import { DEVICE_TYPES } from '../domain/catalog.ts';
import type { SessionGrant } from '../ports.ts';

const ISSUER = 'usher';

/**
 * What a session token says. Third parties may rely on all of it but `usher`:
 *
 * - `iss`: always `usher`; `aud`: the stage's name
 * - `sub`: the account; `sid`: the session, which stays the same when its token is renewed
 * - `iat`, `exp`: seconds since the epoch; a heartbeat gives a token with a later `exp`
 * - `contentId`: what is played; `deviceId`: on which hardware, `playerId`: by which tab or player on it
 * - `deviceType`: what the device says it is; `region`: the country it was started in, or `null` when nothing said
 * - `usher`: for the next heartbeat alone; it may change with any version
 */
const schema = z.object({
  iss: z.literal(ISSUER),
  aud: z.string(),
  sub: z.string(),
  sid: z.string(),
  iat: z.int(),
  exp: z.int(),
  contentId: z.string(),
  deviceId: z.string(),
  playerId: z.string(),
  deviceType: z.enum(DEVICE_TYPES),
  region: z.nullable(z.string()),
  usher: z.object({
    slot: z.nullable(z.int()),
    startedAt: z.string(),
    nonce: z.string(),
    instead: z.nullable(
      z.object({
        sessionId: z.string(),
        reason: z.enum(['expired', 'terminated', 'superseded', 'revoked']),
      }),
    ),
    recheckAtMs: z.number(),
    degradedUntilMs: z.nullable(z.number()),
  }),
});

export type Claims = z.infer<typeof schema>;

/** `exp` is rounded down to the second: a token never outlives its lease. */
export function claimsOf(grant: SessionGrant, stageName: string, nowMs: number): Claims {
  const { accountId, session, slot, expiresAtMs, recheckAtMs, degradedUntilMs } = grant;
  const { sessionId, contentId, deviceId, playerId, deviceType, region, startedAt, nonce, instead } = session;
  return {
    iss: ISSUER,
    aud: stageName,
    sub: accountId,
    sid: sessionId,
    iat: Math.floor(nowMs / 1000),
    exp: Math.floor(expiresAtMs / 1000),
    contentId,
    deviceId,
    playerId,
    deviceType,
    region,
    usher: { slot, startedAt, nonce, instead, recheckAtMs, degradedUntilMs },
  };
}

/** The grant in a payload whose signature was verified; `undefined` when it was made for something else. */
export function grantIn(payload: unknown, stageName: string): SessionGrant | undefined {
  const { success, data: claims } = schema.safeParse(payload);
  if (!success || claims.aud !== stageName) return undefined;
  const { sub, sid, exp, contentId, deviceId, playerId, deviceType, region } = claims;
  const { slot, startedAt, nonce, instead, recheckAtMs, degradedUntilMs } = claims.usher;
  return {
    accountId: sub,
    session: {
      sessionId: sid,
      deviceId,
      playerId,
      contentId,
      deviceType,
      region,
      startedAt,
      nonce,
      instead,
    },
    slot,
    expiresAtMs: exp * 1000,
    recheckAtMs,
    degradedUntilMs,
  };
}
