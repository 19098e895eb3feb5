import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { nameIn, type Stage } from './stage.ts';

/**
 * What must not be lost: under an account's partition its purchases, and one item with snapshot, version, inbox and
 * outbox. Every write is a conditional write on one item, so neither streams nor transactions are needed.
 */
export class AccountsTable extends TableV2 {
  constructor(scope: Construct, id: string, { stage }: { readonly stage: Stage }) {
    super(scope, id, {
      tableName: nameIn(stage, 'accounts'),
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billing: Billing.onDemand(),
      removalPolicy: stage.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      deletionProtection: stage.keepsData,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: stage.keepsData },
    });
  }
}
