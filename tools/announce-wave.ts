import { randomUUID } from 'node:crypto';
import { compareCatalogVersions, type Catalog } from '../shared/domain/catalog.ts';
import { catalogChanged, type Wave } from '../shared/domain/catalog-messages.ts';
import { publishToAll } from './catalog-topic.ts';
import { Complaint, type Say } from './command.ts';
import { readDeployedCatalog, stageAccess, type DeployedCatalog, type StageAccess } from './stage.ts';
import { parseWaveArguments, type WaveArguments } from './wave-arguments.ts';

interface World {
  /** The catalogue that lies here, in `catalog.json`. */
  readonly catalog: Pick<Catalog, 'catalogVersion'>;
}

/**
 * The command that tells the players of a stage that its catalogue has changed, or not to mind. It throws Complaint,
 * saying what is in the way.
 */
export function announceWave(world: World) {
  return async (args: readonly string[], say: Say): Promise<void> => {
    const asked = parseWaveArguments(args);
    const stage = stageAccess(asked.stage, asked.ssmStage);
    await (asked.state === 'start' ? start : abort)(world, stage, asked, say);
  };
}

async function start(
  { catalog: { catalogVersion: here } }: World,
  stage: StageAccess,
  asked: WaveArguments,
  say: Say,
): Promise<void> {
  const deployed = await readDeployedCatalog(stage);
  const { catalogVersion } = deployed;
  if (compareCatalogVersions(here, catalogVersion) > 0) {
    throw new Complaint(
      `The stage '${stage.name}' still has the catalogue ${catalogVersion}, and catalog.json is ${here}: deploy it first.`,
    );
  }
  const announced: Wave = {
    waveId: asked.waveId ?? `${catalogVersion}-${randomUUID().slice(0, 8)}`,
    state: 'start',
    catalogVersion,
    productIds: affectedBy(asked.products, deployed),
    refreshWithinSeconds: asked.withinSeconds,
    priority: asked.priority,
  };
  const { waveId, productIds, refreshWithinSeconds, priority } = announced;
  const who = productIds.length === 0 ? 'All players' : `Players that hold ${productIds.join(', ')}`;
  const where = `--stage ${asked.stage}${asked.ssmStage === undefined ? '' : ` --ssm-stage ${asked.ssmStage}`}`;
  say(
    `Announcing the catalogue ${catalogVersion} to the players of '${stage.name}', as the wave ${waveId} …`,
  );
  await publish(stage, announced);
  say(`  done. ${who} refresh within ${refreshWithinSeconds} s
  at priority ${priority}; a hidden tab when it is shown.
  Momento does not say how many have heard of it. Who was not connected learns at its next read.
  To abort: npm run wave -- abort ${where} --wave ${waveId}`);
}

/** Asks nothing of the stage but its topic: players go by the wave's id, and it may be the stage that is in trouble. */
async function abort(
  { catalog }: World,
  stage: StageAccess,
  { waveId = '' }: WaveArguments,
  say: Say,
): Promise<void> {
  say(`Aborting the wave ${waveId} of '${stage.name}' …`);
  await publish(stage, {
    waveId,
    state: 'abort',
    catalogVersion: catalog.catalogVersion,
    productIds: [],
    refreshWithinSeconds: 0,
    priority: 'normal',
  });
  say(`  done. Players that have not refreshed yet leave it; those that have, keep what they read.
  Nobody says whether there was such a wave.`);
}

async function publish(stage: StageAccess, announced: Wave): Promise<void> {
  const message = orComplain(() => catalogChanged(announced, Date.now()));
  await publishToAll(stage, message);
}

/** The products to name: none where one of them is free, since then the change is everyone's, who holds it or not. */
function affectedBy(
  asked: WaveArguments['products'],
  { catalogVersion, products }: DeployedCatalog,
): readonly string[] {
  const known = new Map(products.map(({ productId, productType }) => [productId, productType]));
  const unknown = asked.find((productId) => !known.has(productId));
  if (unknown !== undefined) {
    const names = [...known.keys()].join(', ');
    throw new Complaint(`The catalogue ${catalogVersion} has no product '${unknown}'. It has ${names}.`);
  }
  return asked.some((productId) => known.get(productId) === 'free') ? [] : asked;
}

function orComplain<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Complaint(`It cannot be announced: ${error.message}.`, { cause: error });
  }
}
