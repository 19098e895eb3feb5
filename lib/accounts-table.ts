import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, ProjectionType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { nameIn, type Stage } from './stage.ts';

const BOUNDARIES = 'boundaries';

/**
 * What must not be lost: under an account's partition its purchases, and one item with snapshot, version, inbox and
 * outbox. Every write is a conditional write on one item, so neither streams nor transactions are needed. The index
 * holds the accounts that time alone will change, by the minute of it.
 */
export class AccountsTable extends TableV2 {
  readonly boundariesArn: string;

  constructor(scope: Construct, id: string, { stage }: { readonly stage: Stage }) {
    super(scope, id, {
      tableName: nameIn(stage, 'accounts'),
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      globalSecondaryIndexes: [
        {
          indexName: BOUNDARIES,
          partitionKey: { name: 'boundaryBucket', type: AttributeType.STRING },
          sortKey: { name: 'boundaryAtMs', type: AttributeType.NUMBER },
          projectionType: ProjectionType.KEYS_ONLY,
        },
      ],
      billing: Billing.onDemand(),
      removalPolicy: stage.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      deletionProtection: stage.keepsData,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: stage.keepsData },
    });
    this.boundariesArn = `${this.tableArn}/index/${BOUNDARIES}`;
  }
}
