/** One thing done in a loop, in a process of its own; started and told what to do by loop.ts. */
import { CacheClient, CollectionTtl, Configurations, ReadConcern } from '@gomomento/sdk';
import { compactVerify, CompactSign, importJWK } from 'jose';
import { credentialsFor, SILENT, type MomentoAccess } from '../shared/momento/credentials.ts';
import { answered } from '../shared/momento/errors.ts';

/** What the process does with each input; it gives a text back. */
export type Work =
  /** Hands a bundled function the event, as Lambda's runtime does: JSON in, JSON out. */
  | { readonly kind: 'handler'; readonly module: string }
  /** The two calls of a heartbeat, side by side. Inputs: {@link BareBeat} as JSON. */
  | { readonly kind: 'momento'; readonly access: MomentoAccess; readonly cacheName: string }
  /** Verifies a session token and signs one that says the same. Inputs: tokens. */
  | { readonly kind: 'jose'; readonly key: Readonly<Record<string, string>> };

export interface BareBeat {
  readonly slot: string;
  readonly text: string;
  readonly dictionary: string;
  readonly deviceId: string;
  readonly ttlSeconds: number;
}

export type LoopOrder = { readonly inputs: readonly string[] };

export type LoopAnswer =
  | { readonly kind: 'ready'; readonly cpuMs: number }
  | {
      readonly kind: 'done';
      readonly tookMs: readonly number[];
      readonly cpuMs: number;
      readonly outputs: string[];
    };

const prepared = process.cpuUsage();
const once = await prepare(JSON.parse(process.argv[2] ?? '{}') as Work);
process.on('message', ({ inputs }: LoopOrder) => void run(inputs));
process.on('disconnect', () => process.exit()); // whoever started this is gone
tell({ kind: 'ready', cpuMs: cpuMsSince(prepared) });

async function run(inputs: readonly string[]): Promise<void> {
  const tookMs: number[] = [];
  const outputs: string[] = [];
  const before = process.cpuUsage();
  for (const input of inputs) {
    const startedMs = performance.now();
    outputs.push(await once(input));
    tookMs.push(performance.now() - startedMs);
  }
  tell({ kind: 'done', tookMs, cpuMs: cpuMsSince(before), outputs });
}

async function prepare(work: Work): Promise<(input: string) => Promise<string>> {
  if (work.kind === 'handler') {
    const { handler } = (await import(work.module)) as {
      readonly handler: (event: unknown, context: object) => Promise<unknown>;
    };
    return async (event) => JSON.stringify(await handler(JSON.parse(event), CONTEXT));
  }
  if (work.kind === 'momento') {
    const client = new CacheClient({
      credentialProvider: credentialsFor(work.access),
      configuration: Configurations.Lambda.latest(SILENT).withReadConcern(ReadConcern.CONSISTENT),
      defaultTtlSeconds: 60,
    });
    return async (input) => {
      const { slot, text, dictionary, deviceId, ttlSeconds } = JSON.parse(input) as BareBeat;
      const [renewed, counted] = await Promise.all([
        client.setIfEqual(work.cacheName, slot, text, text, { ttl: ttlSeconds }),
        client.dictionaryIncrement(work.cacheName, dictionary, deviceId, 1, { ttl: CollectionTtl.of(120) }),
      ]);
      answered(counted, 'dictionaryIncrement');
      return answered(renewed, 'setIfEqual').type;
    };
  }
  const { d: _, ...publicHalf } = work.key;
  const [signing, verifying] = await Promise.all([importJWK({ ...work.key }), importJWK(publicHalf)]);
  const header = { alg: 'ES256', typ: 'JWT', kid: work.key['kid'] ?? '' };
  return async (token) => {
    const { payload } = await compactVerify(token, verifying, { algorithms: ['ES256'] });
    return new CompactSign(payload).setProtectedHeader(header).sign(signing);
  };
}

/** What a handler is told of its invocation, as far as anything of ours reads it. */
const CONTEXT = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 10_000 };

/** Of all threads of this process: signatures are made on others, and rubbish is collected there. */
function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function tell(answer: LoopAnswer): void {
  process.send?.(answer);
}
