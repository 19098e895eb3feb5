import { ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';

/** Rings as soon as one period reaches the threshold. */
export const RINGS_AT_ONCE = {
  evaluationPeriods: 1,
  comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  // Where nothing happens nothing is reported: SQS falls silent about a queue that nobody has used for six hours, and
  // a metric filter about lines that nobody writes. That is calm, not alarm.
  treatMissingData: TreatMissingData.NOT_BREACHING,
};
