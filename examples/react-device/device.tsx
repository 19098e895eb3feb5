import { useEffect, useState } from 'react';
import { answered, type Ask, type Concurrency } from '../service.ts';
import { useHeartbeats } from './use-heartbeats.ts';

interface Props {
  readonly ask: Ask;
  readonly deviceId: string;
  readonly mediaId: string;
}

export function Device({ ask, deviceId, mediaId }: Props) {
  const { sent, problem } = useHeartbeats({ ask, deviceId, mediaId });
  const concurrency = useConcurrency(ask, sent);
  return (
    <>
      <h1>
        Device {deviceId}: {problem || sent === 0 ? 'Not connected' : 'Connected'}
      </h1>
      <p role="status">{sent} heartbeats sent</p>
      {concurrency && (
        <p>
          {concurrency.deviceCount} devices in the last full interval, {concurrency.sessions.length} of{' '}
          {concurrency.limit} streams
        </p>
      )}
      <p role="alert">{problem}</p>
    </>
  );
}

/** Asks after every heartbeat. That is for looking at: a device has no need to. */
function useConcurrency(ask: Ask, sent: number): Concurrency | undefined {
  const [concurrency, setConcurrency] = useState<Concurrency>();
  useEffect(() => {
    let latest = true;
    ask('/concurrency')
      .then((response) => answered<Concurrency>(response))
      .then((answer) => latest && setConcurrency(answer))
      .catch(() => {}); // the next heartbeat asks again, and what is shown stays
    return () => {
      latest = false;
    };
  }, [ask, sent]);
  return concurrency;
}
