/**
 * A device that takes one of the account's streams before it plays, keeps it by heartbeats at the pace that the
 * service sets, and gives it back on Ctrl-C. By plain HTTP and no SDK.
 *
 *   npx node examples/http-device/session.ts http://localhost:3000/config.json harbour
 *
 * When all streams are taken it says by whom. With one of their ids behind it this device takes that one's place.
 */
import { answered, askAs, pause, readConfig, refusalOf } from '../service.ts';
import { deviceId, fromCommandLine, NotPaired, pairedIdToken, untilStopped } from './device.ts';

interface Lease {
  /** The newest counts: each heartbeat sends the last one and is given the next. */
  readonly sessionToken: string;
  readonly heartbeatSeconds: number;
  readonly expiresAt: string;
}
interface Session extends Omit<Lease, 'expiresAt'> {
  readonly sessionId: string;
  /** When the stream is this device's no more, by its own clock: `performance.now()`. */
  readonly endsAtMs: number;
}
interface Refusal {
  readonly conflicts?: readonly {
    readonly sessionId: string;
    readonly deviceId: string;
    readonly contentId: string;
  }[];
  readonly reason?: string;
}

const {
  configAddress,
  contentId,
  refreshToken,
  further: terminate,
} = fromCommandLine(
  'examples/http-device/session.ts <address of config.json> <what to play> [session to end]',
);
const config = await readConfig(configAddress);
const ask = askAs({ apiUrl: config.apiUrl, idToken: pairedIdToken(config, refreshToken) });
const stopping = untilStopped();

let session = await start(terminate);
while (session && !stopping.aborted) {
  await pause(session.heartbeatSeconds, stopping);
  if (!stopping.aborted) session = await beat(session);
}
if (session) await end(session);

/** Undefined when this account may not watch this, or not on one more device. */
async function start(instead?: string): Promise<Session | undefined> {
  const response = await ask('/sessions', {
    method: 'POST',
    body: { deviceId, contentId, deviceType: 'tv', ...(instead !== undefined && { terminate: instead }) },
    signal: stopping,
  });
  if (response.status !== 403 && response.status !== 409) {
    const started = await answered<Lease & { readonly sessionId: string }>(response);
    console.log(`Playing ${contentId} as session ${started.sessionId}`);
    return { ...started, endsAtMs: endOf(started, response) };
  }
  const { reason, conflicts = [] } = (await response.json()) as Refusal;
  console.error(reason === undefined ? 'All streams are taken:' : `May not be played: ${reason}`);
  for (const other of conflicts)
    console.error(`  ${other.sessionId} on ${other.deviceId}: ${other.contentId}`);
  process.exitCode = 1;
  return undefined;
}

/** The session with its next lease; one that merely ran out is started again; undefined when the viewer has to know. */
async function beat(playing: Session): Promise<Session | undefined> {
  try {
    const body = { sessionToken: playing.sessionToken };
    const response = await ask('/heartbeats', {
      method: 'POST',
      body,
      signal: stopping,
      timeoutMs: 5000, // a lease outlives two heartbeats and five seconds: one that hangs leaves time for another
    });
    if (response.status !== 410) {
      const lease = await answered<Lease>(response);
      return { ...playing, ...lease, endsAtMs: endOf(lease, response) };
    }
    const { reason } = (await response.json()) as Refusal;
    if (reason === 'expired') return await start();
    console.error(`Stopped: ${reason}`); // by another device of the account, or it may not watch this any more
    return undefined;
  } catch (error) {
    if (error instanceof NotPaired) throw error;
    // The lease outlives a heartbeat that is lost. After its end another device may have the stream.
    const hasEnded = performance.now() >= playing.endsAtMs;
    console.error(`${String(error)}: ${hasEnded ? 'paused' : 'playing on'}`);
    return playing;
  }
}

/** The end of a lease on this device's clock, which may be wrong: it lasts from when the service answered. */
function endOf({ expiresAt }: Lease, { headers }: Response): number {
  return performance.now() + Date.parse(expiresAt) - Date.parse(headers.get('Date') ?? '');
}

/** So that the stream is free at once, and not only when its lease has run out. */
async function end({ sessionId }: Session): Promise<void> {
  const response = await ask(`/sessions/${sessionId}`, { method: 'DELETE' });
  if (!response.ok && response.status !== 410) throw new Error(await refusalOf(response));
  console.log('Stopped');
}
