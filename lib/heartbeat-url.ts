import { Duration } from 'aws-cdk-lib';
import { FunctionUrlAuthType, HttpMethod, type FunctionUrl } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Stage } from './stage.ts';
import type { UsherFunction } from './usher-function.ts';

export interface HeartbeatUrlProps {
  readonly stage: Pick<Stage, 'origins'>;
  /** Reserved concurrency bounds what strangers can make it cost. */
  readonly handler: UsherFunction;
}

/**
 * The cheaper door for heartbeats: a function URL costs nothing beside the function. It lets everyone in, and that is
 * safe: the session token in the body is the credential, made by this stage and verified before anything else is
 * done; whoever has none costs a few milliseconds, and no more at once than the function's reserved concurrency.
 *
 * CORS is in the URL's configuration only: AWS answers preflights itself, without the function, and would send a
 * header twice that the function sends too.
 */
export class HeartbeatUrl extends Construct {
  /** With a final slash, as AWS gives it: nothing is appended. */
  readonly url: string;

  constructor(scope: Construct, id: string, { stage, handler }: HeartbeatUrlProps) {
    super(scope, id);
    // Since October 2025 a public URL needs two permissions, InvokeFunctionUrl and, through the URL alone,
    // InvokeFunction. CDK adds both. https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    const { url }: FunctionUrl = handler.addFunctionUrl({
      authType: FunctionUrlAuthType.NONE,
      cors: {
        allowedOrigins: [...stage.origins],
        allowedMethods: [HttpMethod.POST],
        allowedHeaders: ['content-type'],
        exposedHeaders: ['retry-after'],
        allowCredentials: false,
        maxAge: Duration.hours(1),
      },
    });
    this.url = url;
  }
}
