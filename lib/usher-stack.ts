import { Annotations, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { AccountsTable } from './accounts-table.ts';
import { CheckoutAlarms } from './checkout-alarms.ts';
import { CheckoutQueue } from './checkout-queue.ts';
import { RestApi } from './rest-api.ts';
import { nameIn, type Stage } from './stage.ts';
import { UsherFunctions } from './usher-functions.ts';
import type { CodeOf } from './usher-function.ts';
import { Viewers } from './viewers.ts';

export interface UsherStackProps extends StackProps {
  readonly stage: Stage;
  readonly code: CodeOf;
}

/** usher, one stack per stage. Two stages share nothing but, where they are told to, SSM parameters. */
export class UsherStack extends Stack {
  constructor(scope: Construct, id: string, { stage, code, ...props }: UsherStackProps) {
    super(scope, id, {
      description: `usher, stage ${stage.name}: entitlements in real time`,
      terminationProtection: stage.keepsData,
      ...props,
    });
    const momentoCacheName = nameIn(stage);

    const viewers = new Viewers(this, 'Viewers', { stage });
    const table = new AccountsTable(this, 'Accounts', { stage });
    const checkout = new CheckoutQueue(this, 'Checkout', {
      stage,
      consumerTimeout: UsherFunctions.recomputeTimeout,
    });
    const functions = new UsherFunctions(this, 'Functions', {
      stage,
      code,
      momentoCacheName,
      table,
      checkout,
    });

    const api = new RestApi(this, 'Rest', { stage, userPool: viewers.userPool });
    api.forAnyone('GET', '/catalog', functions.readCatalog, 'What is on sale is public.');
    api.forViewer('GET', '/token', functions.vendToken);
    api.forViewer('GET', '/entitlements', functions.readEntitlements);
    api.forViewer('POST', '/entitlements/recompute', functions.requestRecompute);
    api.forAnyone(
      'POST',
      '/checkout-events',
      functions.acceptCheckout,
      'The function checks the sender’s signature.',
    );
    checkout.deliverTo(functions.recomputeEntitlements);

    new CheckoutAlarms(this, 'Alarms', { stage, checkout, consumer: functions.recomputeEntitlements });

    if (stage.keepsData && stage.ssmName !== stage.name) {
      Annotations.of(this).addWarningV2(
        'usher:shared-secrets',
        `${stage.name} reads the secrets of ${stage.ssmName}: pass -c ssmStageName=${stage.name} unless that is meant.`,
      );
    }
    this.#output({
      StageName: stage.name,
      Region: this.region,
      ApiUrl: api.url,
      UserPoolId: viewers.userPool.userPoolId,
      UserPoolClientId: viewers.webClient.userPoolClientId,
      MomentoCacheName: momentoCacheName,
      TableName: table.tableName,
      CheckoutQueueUrl: checkout.queue.queueUrl,
      DeadLetterQueueUrl: checkout.deadLetters.queueUrl,
    });
  }

  #output(values: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(values)) new CfnOutput(this, name, { value });
  }
}
