import { TopicClient, TopicConfigurations } from '@gomomento/sdk';
import type { AccountTopic } from '../ports.ts';
import type { Secrets } from '../secrets.ts';
import { credentialsFor, SILENT, type MomentoAccess } from './credentials.ts';
import { DEADLINE_MS } from './cache-client.ts';
import { answered } from './errors.ts';
import { rotatingClient } from './rotating-client.ts';

/** An account's topic bears its id, in the stage's Momento cache. */
export function momentoAccountTopic(secrets: Secrets<keyof MomentoAccess>, cacheName: string): AccountTopic {
  const momento = rotatingClient(
    secrets,
    (access) =>
      new TopicClient({
        credentialProvider: credentialsFor(access),
        configuration: TopicConfigurations.Lambda.latest(SILENT).withClientTimeoutMillis(DEADLINE_MS),
      }),
  );
  return {
    publish: (accountId, announcement) =>
      momento.use(async (client) => {
        answered(await client.publish(cacheName, accountId, JSON.stringify(announcement)), 'publish');
      }),
  };
}
