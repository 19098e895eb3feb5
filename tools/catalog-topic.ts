import { TopicClient, TopicConfigurations } from '@gomomento/sdk';
import type { CatalogChanged } from '../shared/domain/catalog-messages.ts';
import { CATALOG_TOPIC } from '../shared/domain/token-scope.ts';
import { Throttled } from '../shared/errors.ts';
import { credentialsFor, SILENT } from '../shared/momento/credentials.ts';
import { answered, KeyRefused } from '../shared/momento/errors.ts';
import { Complaint } from './command.ts';
import { readParameters, type StageAccess } from './stage.ts';

const ANSWERED_WITHIN_MS = 5000;

/** Tells every player of the stage. Returns when Momento has taken it. @throws Complaint when it has not */
export async function publishToAll(stage: StageAccess, message: CatalogChanged): Promise<void> {
  const parameters = await readParameters(stage, ['momento-data-key', 'momento-endpoint']);
  const client = new TopicClient({
    credentialProvider: credentialsFor({
      key: parameters['momento-data-key'],
      endpoint: parameters['momento-endpoint'],
    }),
    configuration: TopicConfigurations.Default.latest(SILENT).withClientTimeoutMillis(ANSWERED_WITHIN_MS),
  });
  try {
    answered(await client.publish(stage.momentoCacheName, CATALOG_TOPIC, JSON.stringify(message)), 'publish');
  } catch (error) {
    throw complaintOf(error, stage);
  }
}

function complaintOf(error: unknown, { ssmName, momentoCacheName }: StageAccess): unknown {
  if (!(error instanceof Error)) return error;
  const complain = (text: string) => new Complaint(text, { cause: error });
  if (error instanceof KeyRefused) {
    return complain(
      `Momento refuses the key in /usher/${ssmName}/momento-data-key: put one that is in force.`,
    );
  }
  if (error instanceof Throttled) {
    return complain('Momento refuses it, its quota is used up: try again, and have the quota raised.');
  }
  if (error.message.includes('NOT_FOUND')) {
    return complain(
      `Momento has no cache '${momentoCacheName}': the stage is not set up. Create it (README, Deploy).`,
    );
  }
  if (error.message.includes('PERMISSION')) {
    return complain(
      `The key in /usher/${ssmName}/momento-data-key may not publish to '${momentoCacheName}'.`,
    );
  }
  return complain(
    `Momento did not take it, or did not say so (${error.message}). Doing it again with the same --wave does no harm.`,
  );
}
