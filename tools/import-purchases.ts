import { checkoutEventOf } from '../shared/checkout-event.ts';
import type { Catalog } from '../shared/domain/catalog.ts';
import type { Purchase } from '../shared/domain/purchases.ts';
import type { CheckoutMessage } from '../shared/ports.ts';
import { BATCH, sendBatch, stageQueue } from './checkout-queue.ts';
import { parseStageCommandLine } from './command-line.ts';
import { Complaint, WrongUsage, type Say } from './command.ts';
import { importProgress } from './import-progress.ts';
import { progress } from './progress.ts';
import { checkFile, purchasesIn } from './purchases-file.ts';

export const USAGE = `npm run import -- <stage> <file> [--rate 8] [--notify] [--check]

  <stage>   dev, prod, a branch, or local for what npm start runs
  <file>    checkout events, each on a line of its own; it is checked as a whole before any is sent
  --rate    events per second, at most 1000
  --notify  announce each to players as the event says; without it none is announced
  --check   only check the file

Stopped, it goes on where it was when it is run again.`;

interface World {
  /** The one that lies here. */
  readonly catalog: Catalog;
  readonly now: () => number;
  /** Resolves after so many ms, or as soon as the command is to end. */
  readonly pause: (ms: number) => Promise<void>;
  /** Aborted when the command is to end; it then ends in good order. */
  readonly interrupted: AbortSignal;
}

/** What Momento lets an account do at first bears so many recomputes a second: docs/operations.md. */
const RATE = '8';

/**
 * The command that brings existing purchases in: through the checkout queue, as if each had just been reported. An
 * event that arrives twice, or after a newer one, changes nothing, so that it may be stopped and repeated at will.
 */
export function importPurchases(world: World) {
  return async (args: readonly string[], say: Say): Promise<void> => {
    const { stage, operands, values } = parseStageCommandLine(args, {
      operands: ['file'],
      options: { rate: { type: 'string' }, notify: { type: 'boolean' }, check: { type: 'boolean' } },
    });
    const perSecond = rateIn(values.rate ?? RATE);
    const { catalogVersion } = world.catalog;
    const { events, sha256 } = await checkFile(world, operands.file);
    say(`${events} events, all in order by the catalogue ${catalogVersion}.`);
    if (values.check) return;

    const queue = await stageQueue(stage, 'checkout');
    const kept = importProgress(`${operands.file}.${stage.name}.progress`);
    let sent = kept.read(sha256);
    if (sent === events) {
      return say(`All were sent to '${stage.name}' already. To send them again, delete ${kept.file}.`);
    }
    if (sent > 0) say(`${sent} were sent before; going on.`);
    say(`Sending to ${queue.url}, ${perSecond} a second: ${timeFor((events - sent) / perSecond)} …`);

    const tell = progress(say, events);
    for await (const batch of batches(purchasesIn(world, operands.file, sent))) {
      if (world.interrupted.aborted) {
        throw new Complaint(`Stopped: ${sent} of ${events} events sent. Run the same again to go on.`);
      }
      const beganMs = world.now();
      const bodies = batch.map((purchase) => messageOf(purchase, { catalogVersion, notify: values.notify }));
      const taken = await sendBatch(queue, bodies);
      if (taken.length < batch.length) {
        throw new Complaint(`SQS did not take all: ${sent} of ${events} sent. Run the same again to go on.`);
      }
      sent += batch.length;
      kept.write(sha256, sent);
      tell(sent);
      const leftMs = (batch.length / perSecond) * 1000 - (world.now() - beganMs);
      if (sent < events && leftMs > 0) await world.pause(leftMs);
    }
    say(`All ${events} events are in the queue; they take effect as they are worked off.`);
  };
}

function messageOf(
  purchase: Purchase,
  {
    catalogVersion,
    notify = false,
  }: { readonly catalogVersion: string; readonly notify?: boolean | undefined },
): string {
  const event = checkoutEventOf(notify ? purchase : { ...purchase, notify: false });
  const message: CheckoutMessage = { kind: 'purchase', event, catalogVersion };
  return JSON.stringify(message);
}

async function* batches(purchases: AsyncIterable<Purchase>): AsyncGenerator<readonly Purchase[]> {
  let batch: Purchase[] = [];
  for await (const purchase of purchases) {
    batch.push(purchase);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** @throws WrongUsage */
function rateIn(text: string): number {
  const rate = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (rate >= 1 && rate <= 1000) return rate;
  throw new WrongUsage('--rate takes whole events per second, from 1 to 1000.');
}

function timeFor(seconds: number): string {
  if (seconds < 90) return `about ${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `about ${Math.ceil(seconds / 60)} min` : `about ${(seconds / 3600).toFixed(1)} h`;
}
