import { Construct } from 'constructs';
import {
  MEMORY_MB,
  MOMENTO_DATA,
  ROUTE_SECONDS,
  settingsOf,
  type FunctionsProps,
} from './function-settings.ts';
import type { ParameterName } from './parameters.ts';
import { UsherFunction } from './usher-function.ts';

/** Sign and verify session tokens. */
const SESSION_KEYS: Readonly<Record<string, ParameterName>> = { SESSION_KEYS_PARAMETER: 'session-keys' };

/**
 * A million heartbeats by the function URL may cost $0.30 before transfer, Momento apart. The requests are $0.20 of
 * it; the rest buys 30 ms each at 256 MB and $0.0000133334 a GB-second (arm64), of which docs/costs.md finds a third in
 * use. No viewer waits for a heartbeat, so a cold start may take its time.
 */
const HEARTBEAT_MEMORY_MB = 256;

/** It takes what everyone's devices publish. Since it runs all the time, that is about $19 a month. */
const FOLLOWER_MEMORY_MB = 512;
/** It listens for some 65 s and then writes what it has counted. */
const FOLLOWER_SECONDS = 80;

/**
 * How many screens an account watches on: sessions, their heartbeats, and the count of devices. Each function is told
 * and may do what it needs, and nothing else.
 */
export class ConcurrencyFunctions extends Construct {
  readonly startSession: UsherFunction;
  readonly ingestHeartbeat: UsherFunction;
  readonly endSession: UsherFunction;
  readonly checkConcurrency: UsherFunction;
  readonly readSessionKeys: UsherFunction;
  /** Only where the stage has a URL for heartbeats. */
  readonly renewSession?: UsherFunction;
  /** Only where the stage follows the topic. */
  readonly followHeartbeatTopic?: UsherFunction;

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    const { stage, code, table, checkout } = props;
    const { route, viewerRoute, cache, accounts, queue } = settingsOf(props);
    const common = { stage, code };
    const lease = { LEASE_SECONDS: String(stage.leaseSeconds) };
    const heartbeat = { HEARTBEAT_SECONDS: String(stage.heartbeatSeconds) };
    const tracker = { TRACKER_INTERVAL_SECONDS: String(stage.trackerIntervalSeconds) };
    const whenFull = { WHEN_FULL: stage.whenFull };

    this.startSession = new UsherFunction(this, 'StartSession', {
      ...common,
      name: 'start-session',
      description: 'POST /sessions: admits a playback if the account has a stream left.',
      memoryMb: MEMORY_MB.withMomento,
      timeoutSeconds: ROUTE_SECONDS,
      parameters: { ...MOMENTO_DATA, ...SESSION_KEYS },
      environment: { ...viewerRoute, ...cache, ...accounts, ...queue, ...lease, ...heartbeat, ...whenFull },
    });
    this.startSession.mayRead(table);
    // In an outage of Momento the account's few sessions are kept in one item of the table.
    this.startSession.may(table, 'dynamodb:PutItem');
    this.startSession.maySend(checkout.queue);

    this.ingestHeartbeat = new UsherFunction(this, 'IngestHeartbeat', {
      ...common,
      name: 'ingest-heartbeat',
      description: 'POST /heartbeats: counts a device, or renews a session.',
      memoryMb: HEARTBEAT_MEMORY_MB,
      timeoutSeconds: ROUTE_SECONDS,
      parameters: { ...MOMENTO_DATA, ...SESSION_KEYS },
      environment: { ...viewerRoute, ...cache, ...accounts, ...queue, ...lease, ...heartbeat, ...tracker },
      quiet: true,
    });
    this.ingestHeartbeat.mayRead(table);
    this.ingestHeartbeat.maySend(checkout.queue);

    this.endSession = new UsherFunction(this, 'EndSession', {
      ...common,
      name: 'end-session',
      description: 'DELETE /sessions/{sessionId}: ends a session of the account.',
      memoryMb: MEMORY_MB.withMomento,
      timeoutSeconds: ROUTE_SECONDS,
      parameters: MOMENTO_DATA,
      environment: { ...viewerRoute, ...cache, ...lease },
    });

    this.checkConcurrency = new UsherFunction(this, 'CheckConcurrency', {
      ...common,
      name: 'check-concurrency',
      description: 'GET /concurrency: the sessions and devices of the account.',
      memoryMb: MEMORY_MB.withMomento,
      timeoutSeconds: ROUTE_SECONDS,
      parameters: MOMENTO_DATA,
      environment: { ...viewerRoute, ...cache, ...accounts, ...queue, ...lease, ...tracker },
    });
    this.checkConcurrency.mayRead(table);
    this.checkConcurrency.maySend(checkout.queue);

    this.readSessionKeys = new UsherFunction(this, 'ReadSessionKeys', {
      ...common,
      name: 'read-session-keys',
      description: 'GET /.well-known/jwks.json: the public keys that verify session tokens.',
      memoryMb: MEMORY_MB.withAws,
      timeoutSeconds: ROUTE_SECONDS,
      parameters: SESSION_KEYS,
      environment: route,
    });

    if (stage.heartbeatUrl) {
      this.renewSession = new UsherFunction(this, 'RenewSession', {
        ...common,
        name: 'renew-session',
        description: 'The heartbeat URL: renews or ends the session of a session token.',
        memoryMb: HEARTBEAT_MEMORY_MB,
        timeoutSeconds: ROUTE_SECONDS,
        parameters: { ...MOMENTO_DATA, ...SESSION_KEYS },
        environment: { ...cache, ...accounts, ...queue, ...lease, ...heartbeat, ...tracker },
        reservedConcurrency: stage.heartbeatConcurrency,
        quiet: true,
      });
      this.renewSession.mayRead(table);
      this.renewSession.maySend(checkout.queue);
    }

    if (stage.followHeartbeatTopic) {
      this.followHeartbeatTopic = new UsherFunction(this, 'FollowHeartbeatTopic', {
        ...common,
        name: 'follow-heartbeat-topic',
        description: 'Every minute: counts the devices that publish to the topic heartbeat.',
        memoryMb: FOLLOWER_MEMORY_MB,
        timeoutSeconds: FOLLOWER_SECONDS,
        parameters: MOMENTO_DATA,
        environment: { ...cache, ...tracker },
      });
    }
  }
}
