import { TopicClient, TopicConfigurations, TopicPublish } from '@gomomento/sdk-web';
import { useEffect, useState } from 'react';
import { credentialsFor } from '../momento-credentials.ts';
import { answered, pause, renewAfterSeconds, type Ask, type Grant } from '../service.ts';

const HEARTBEAT_INTERVAL_MS = 5000;

interface Connection {
  readonly topics: TopicClient;
  readonly cacheName: string;
}

interface Heartbeats {
  readonly ask: Ask;
  readonly deviceId: string;
  readonly mediaId: string;
}

/** Sends a heartbeat at once and then every five seconds, for as long as the component is there. */
export function useHeartbeats({ ask, deviceId, mediaId }: Heartbeats): {
  readonly sent: number;
  /** What stood in the way of the last one. */
  readonly problem: string;
} {
  const [connection, setConnection] = useState<Connection>();
  const [sent, setSent] = useState(0);
  const [problem, setProblem] = useState('');

  // A token, and the next one before it ends.
  useEffect(() => {
    const gone = new AbortController();
    async function keepConnected(): Promise<void> {
      while (!gone.signal.aborted) {
        try {
          const grant = await answered<Grant>(await ask('/token', { signal: gone.signal }));
          if (gone.signal.aborted) return;
          setConnection(connect(grant));
          await pause(renewAfterSeconds(grant), gone.signal);
        } catch (error) {
          setProblem(String(error));
          await pause(HEARTBEAT_INTERVAL_MS / 1000, gone.signal);
        }
      }
    }
    void keepConnected();
    return () => gone.abort();
  }, [ask]);

  useEffect(() => {
    if (!connection) return undefined;
    const { topics, cacheName } = connection;
    const message = JSON.stringify({ deviceId, mediaId });
    async function beat(): Promise<void> {
      const answer = await topics.publish(cacheName, 'heartbeat', message);
      if (answer instanceof TopicPublish.Error) return setProblem(answer.message());
      setProblem('');
      setSent((count) => count + 1);
    }
    void beat();
    const interval = setInterval(() => void beat(), HEARTBEAT_INTERVAL_MS);
    return () => clearInterval(interval);
  }, [connection, deviceId, mediaId]);

  return { sent, problem };
}

function connect({ cacheName, endpoint, token }: Grant): Connection {
  const topics = new TopicClient({
    credentialProvider: credentialsFor(endpoint, token),
    configuration: TopicConfigurations.Browser.latest(),
  });
  return { topics, cacheName };
}
