import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import type { Stage } from './stage.ts';

/** What an operator puts under `/usher/{ssmStageName}/`; SecureStrings, but for the endpoint. */
export type ParameterName =
  | 'momento-super-key'
  | 'momento-data-key'
  | 'momento-endpoint'
  | 'checkout-secrets'
  | 'stripe-secrets'
  | 'session-keys';

export function parameterPath(stage: Pick<Stage, 'ssmName'>, name: ParameterName): string {
  return `/usher/${stage.ssmName}/${name}`;
}

/**
 * Lets `reader` read exactly these parameters. No permission on KMS is needed: the key policy of `aws/ssm`, with
 * which SecureStrings are encrypted by default, already lets every principal of the account decrypt through SSM.
 */
export function grantParameters(
  reader: IConstruct & IGrantable,
  stage: Pick<Stage, 'ssmName'>,
  names: readonly ParameterName[],
): void {
  const stack = Stack.of(reader);
  reader.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['ssm:GetParameters'],
      resources: names.map((name) =>
        stack.formatArn({
          service: 'ssm',
          resource: 'parameter',
          resourceName: parameterPath(stage, name).slice(1),
        }),
      ),
    }),
  );
}
