import { NoopMomentoLoggerFactory, TopicClient, TopicConfigurations } from '@gomomento/sdk';
import type { MomentoConnection } from '../../../client/src/momento/momento.ts';
import type { Grant } from '../../../client/src/service/messages.ts';
import { cacheClient, credentials } from '../support.ts';

/** As the library connects in a browser, by Momento's SDK for Node. */
export function connect(grant: Grant): Promise<MomentoConnection> {
  const { cacheName, userId } = grant;
  const topics = new TopicClient({
    credentialProvider: credentials(grant, grant.token),
    configuration: TopicConfigurations.Default.latest(new NoopMomentoLoggerFactory()),
  });
  return Promise.resolve({
    async hear(topic, { onItem, onHeartbeat, onDiscontinuity, onBreak, onError }) {
      let closed = false;
      const answer = await topics.subscribe(cacheName, topic, {
        onItem: (item) => onItem(item.valueString()),
        onHeartbeat,
        onDiscontinuity,
        onConnectionLost: () => closed || onBreak(),
        onError: (error) => onError(error.errorCode()),
      });
      if (answer.type !== 'Subscription') throw new Error(`refused: ${answer.errorCode()}`);
      return {
        isHeard: () => answer.isSubscribed,
        close() {
          closed = true;
          answer.unsubscribe();
        },
      };
    },

    async readSnapshot() {
      const answer = await cacheClient(grant).get(cacheName, userId);
      if (answer.type === 'Error') throw new Error(`not read: ${answer.errorCode()}`);
      return answer.type === 'Hit' ? answer.valueString() : undefined;
    },
  });
}
