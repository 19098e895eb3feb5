import { randomUUID } from 'node:crypto';
import type { Resolver } from '../cloudformation/resolver.ts';
import type { LambdaFunction } from '../lambda/function.ts';
import type { Answer } from './answer.ts';
import { openResponseUrl } from './response-url.ts';
import { isCustomResource } from './support.ts';

interface Surroundings {
  readonly resolver: Resolver;
  readonly stackId: string;
  readonly functions: Iterable<Pick<LambdaFunction, 'name' | 'arn' | 'invoke'>>;
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html */
const longestSeconds = 3600;

/**
 * Has each custom resource of the template made by its function, as CloudFormation does: a `Create` request, answered
 * by a PUT to an address of its own. At each start, since nothing tells whether what was made before is still there.
 *
 * @throws naming the resource, with the reason that its function gave
 */
export async function provideCustomResources(surroundings: Surroundings): Promise<void> {
  const resources = surroundings.resolver.resources().filter(([, { Type }]) => isCustomResource(Type));
  for (const [logicalId, { Type }] of resources) {
    const answer = await provide(surroundings, logicalId, Type).catch((error: unknown) => {
      throw new Error(`${logicalId} (${Type}): ${(error as Error).message}`, { cause: error });
    });
    if (answer.status === 'FAILED') throw new Error(`${logicalId} (${Type}): ${answer.reason}`);
  }
}

async function provide(
  { resolver, stackId, functions }: Surroundings,
  logicalId: string,
  type: string,
): Promise<Answer> {
  const properties = asTexts(resolver.properties(logicalId)) as Readonly<Record<string, unknown>>;
  const target = [...functions].find(({ arn }) => arn === properties['ServiceToken']);
  if (target === undefined) throw new Error('ServiceToken is no function of the template');
  const seconds = secondsOf(properties['ServiceTimeout']);

  const request = { StackId: stackId, RequestId: randomUUID(), LogicalResourceId: logicalId };
  const response = await openResponseUrl(request);
  const event = {
    ...request,
    RequestType: 'Create',
    ResponseURL: response.url,
    ResourceType: type,
    ServiceToken: target.arn,
    ResourceProperties: properties,
  };
  const { promise: never, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${seconds} s`)), seconds * 1000);
  const run = async () => {
    const outcome = await target.invoke(JSON.stringify(event));
    // Lambda would run it twice more, after one minute and two; whoever sits at the terminal need not wait for that.
    if (!outcome.ok) reject(new Error(`${target.name} failed: ${outcome.error.errorMessage}`));
  };
  void run();
  try {
    return await Promise.race([response.answered, never]);
  } finally {
    clearTimeout(timer);
    await response.stop();
  }
}

function secondsOf(timeout: unknown): number {
  const seconds = timeout === undefined ? longestSeconds : Number(timeout);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= longestSeconds) return seconds;
  throw new Error(`ServiceTimeout has to be a whole number from 1 to ${longestSeconds}`);
}

/** CloudFormation hands every number and boolean on as a text. */
function asTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asTexts);
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, asTexts(item)]));
}
