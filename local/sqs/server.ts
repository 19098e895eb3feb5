import { buildApp } from 'fauxqs';

interface SqsOptions {
  readonly region: string;
  /** 0 takes any free port. */
  readonly port?: number | undefined;
  /** Keeps queues and messages in SQLite across restarts; without it they live in memory. */
  readonly directory?: string | undefined;
}

export interface SqsStandIn {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * SQS by fauxqs, on 127.0.0.1. Its own `startFauxqs` listens on every interface, hands out queue addresses that do not
 * resolve (`sqs.REGION.localhost`) and is the only way to its persistence, so the app is put together here from the
 * parts that `startFauxqs` itself uses (2.4.1, dist/app.js); they are loaded by path because it does not export them.
 */
export async function startSqs({ region, port = 0, directory }: SqsOptions): Promise<SqsStandIn> {
  const { SqsStore } = await part('./sqs/sqsStore.js');
  const { SnsStore } = await part('./sns/snsStore.js');
  const { S3Store } = await part('./s3/s3Store.js');
  const [sqsStore, snsStore, s3Store] = [new SqsStore(), new SnsStore(), new S3Store()];
  sqsStore.host = ''; // a queue's address then is the one it was asked by: http://127.0.0.1:PORT/000000000000/NAME

  const app = buildApp({ logger: false, defaultRegion: region, stores: { sqsStore, snsStore, s3Store } });
  if (directory !== undefined) {
    const { PersistenceManager } = await part('./persistence.js');
    const persistence = new PersistenceManager(directory);
    // Its own writes NULL where its table takes none: a message that was made visible again at once was lost.
    const ready = persistence.db.prepare(
      'UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE message_id = ?',
    );
    persistence.updateMessageReady = (messageId: string) => void ready.run(messageId);
    persistence.load(sqsStore, snsStore, s3Store);
    for (const store of [sqsStore, snsStore, s3Store]) store.persistence = persistence;
    for (const queue of sqsStore.allQueues()) queue.persistence = persistence;
    app.addHook('onClose', () => persistence.close());
  }
  const url = await app.listen({ host: '127.0.0.1', port });
  return {
    url,
    async stop() {
      const closed = app.close();
      app.server.closeAllConnections(); // a long poll that nobody waits for any more
      await closed;
    },
  };
}

// oxlint-disable-next-line typescript/no-explicit-any -- parts of fauxqs that it neither exports nor types
function part(file: string): Promise<any> {
  return import(new URL(file, import.meta.resolve('fauxqs')).href);
}
