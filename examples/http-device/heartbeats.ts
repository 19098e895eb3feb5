/**
 * A device that sends a heartbeat every five seconds, by plain HTTP and no SDK, and prints how many devices of its
 * account do. Nobody is refused by this count; who takes one of the account's streams is session.ts.
 *
 *   npx node examples/http-device/heartbeats.ts http://localhost:3000/config.json harbour
 *
 * publishes them to Momento, to the topic `heartbeat`. With a further `by-route` they go to `POST /heartbeats`, which
 * every stage takes.
 */
import {
  answered,
  askAs,
  pause,
  readConfig,
  refusalOf,
  renewAfterSeconds,
  type Concurrency,
  type Grant,
} from '../service.ts';
import { deviceId, fromCommandLine, NotPaired, pairedIdToken, untilStopped } from './device.ts';

const HEARTBEAT_SECONDS = 5;

const { configAddress, contentId, refreshToken, further } = fromCommandLine(
  'examples/http-device/heartbeats.ts <address of config.json> <what is played> [by-route]',
);
const config = await readConfig(configAddress);
const ask = askAs({ apiUrl: config.apiUrl, idToken: pairedIdToken(config, refreshToken) });
const stopping = untilStopped();
const heartbeat = { deviceId, mediaId: contentId };

const send = further === 'by-route' ? byRoute : byTopic();
while (!stopping.aborted) {
  try {
    await send();
    const { deviceCount } = await answered<Concurrency>(await ask('/concurrency', { signal: stopping }));
    console.log(`${deviceCount} devices in the last full interval`);
  } catch (error) {
    if (error instanceof NotPaired) throw error;
    console.error(String(error)); // the next heartbeat is the next attempt
  }
  await pause(HEARTBEAT_SECONDS, stopping);
}

async function byRoute(): Promise<void> {
  const response = await ask('/heartbeats', { method: 'POST', body: heartbeat, signal: stopping });
  if (!response.ok) throw new Error(await refusalOf(response));
}

/** By Momento's own HTTP API. Its token is renewed before it ends, and when it is refused. */
function byTopic(): () => Promise<void> {
  let grant: Grant | undefined;
  let renewAtMs = 0;
  return async () => {
    if (!grant || performance.now() >= renewAtMs) {
      grant = await answered<Grant>(await ask('/token', { signal: stopping }));
      renewAtMs = performance.now() + renewAfterSeconds(grant) * 1000;
    }
    const { cacheName, endpoint, token } = grant;
    const base = endpoint.startsWith('http://') ? endpoint : `https://api.cache.${endpoint}`;
    const response = await fetch(`${base}/topics/${cacheName}/heartbeat`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: token },
      body: JSON.stringify(heartbeat),
      signal: AbortSignal.timeout(HEARTBEAT_SECONDS * 1000),
    });
    if (response.ok) return;
    grant = undefined;
    throw new Error(
      response.status === 403
        ? 'This stage does not follow the topic (followHeartbeatTopic): send heartbeats by-route'
        : `Momento answered ${response.status}`,
    );
  };
}
