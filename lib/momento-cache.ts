import { CustomResource, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Construct, type IConstruct } from 'constructs';
import { MEMORY_MB, MOMENTO_SUPER } from './function-settings.ts';
import { nameIn, type Stage } from './stage.ts';
import { UsherFunction, type CodeOf } from './usher-function.ts';

export interface MomentoCacheProps {
  readonly stage: Stage;
  readonly code: CodeOf;
}

/** It asks Momento and Parameter Store again for some twenty seconds, and then has to say that they do not answer. */
const PROVIDE_SECONDS = 60;
/**
 * When it cannot even be started, Lambda tries again after one minute and after two more. CloudFormation would wait an
 * hour by default.
 */
const ANSWERED_WITHIN = Duration.minutes(10);

/**
 * The stage's cache in Momento, made and removed with the stack. It holds nothing that is not in the table too, but
 * `prod` keeps it: were it gone for a moment, every player would ask the API at once.
 */
export class MomentoCache extends Construct {
  readonly cacheName: string;
  readonly #resource: CustomResource;

  constructor(scope: Construct, id: string, { stage, code }: MomentoCacheProps) {
    super(scope, id);
    this.cacheName = nameIn(stage);
    const provider = new UsherFunction(this, 'ProvideCache', {
      stage,
      code,
      name: 'provide-cache',
      description: 'CloudFormation: makes and removes the cache of the stage in Momento.',
      memoryMb: MEMORY_MB.withMomento,
      timeoutSeconds: PROVIDE_SECONDS,
      parameters: MOMENTO_SUPER,
    });
    // A request that waits for so long is one that CloudFormation has given up and undone: it must not be run any more.
    provider.configureAsyncInvoke({ maxEventAge: ANSWERED_WITHIN });
    this.#resource = new CustomResource(this, 'Cache', {
      resourceType: 'Custom::MomentoCache',
      serviceToken: provider.functionArn,
      serviceTimeout: ANSWERED_WITHIN,
      properties: { CacheName: this.cacheName },
      removalPolicy: stage.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    this.#resource.node.addDependency(provider);
  }

  /**
   * Has these made when the cache is there, and removed before it is: nothing works on a cache that is missing, and a
   * deployment that cannot have one, for want of a key or a quota, says so before it has made much else.
   */
  precedes(...dependents: readonly IConstruct[]): void {
    for (const dependent of dependents) dependent.node.addDependency(this.#resource);
  }
}
