import { readFileSync } from 'node:fs';
import {
  Stack,
  type IPolicyValidationContext,
  type IPolicyValidationPlugin,
  type PolicyValidationPluginReport,
} from 'aws-cdk-lib';
import { JOINT_RULES } from './joint-rules.ts';
import { withLongestTexts, type Template } from './longest-text.ts';
import { rulesFor } from './resource-rules.ts';
import { faultsIn } from './rule.ts';

/** Something that AWS would refuse in the middle of a deployment. */
export interface Breach {
  /** What is limited: `AWS::SQS::Queue.QueueName`, or `Template.Resources`. */
  readonly rule: string;
  readonly logicalId?: string;
  readonly fault: string;
}

/** What AWS's services would refuse of a stack, wherever it is deployed. */
export function breachesOf(
  stackName: string,
  text: string,
  template = JSON.parse(text) as Template,
): readonly Breach[] {
  const measured = withLongestTexts(template, stackName);
  const synthesized = { stackName, template, measured, bytes: Buffer.byteLength(text) };
  const single = Object.entries(measured.Resources).flatMap(
    ([logicalId, { Type, Properties = {} }]): Breach[] => {
      const rules = rulesFor(Type);
      if (rules === undefined) {
        return [{ rule: Type, logicalId, fault: 'has limits that nobody has looked up: see lib/limits/' }];
      }
      return faultsIn(Properties, rules).map(({ property, fault }) => ({
        rule: property === '' ? Type : `${Type}.${property}`,
        logicalId,
        fault,
      }));
    },
  );
  const joint = JOINT_RULES.flatMap(({ name, faults }) =>
    faults(synthesized).map((fault) => ({ rule: name, ...fault })),
  );
  return [...single, ...joint];
}

/** Fails a synthesis whose template AWS would refuse for its sizes and names, and says what of it. */
export class TemplateLimits implements IPolicyValidationPlugin {
  readonly name = 'usher-limits';

  validate({ appConstruct, stackTemplates }: IPolicyValidationContext): PolicyValidationPluginReport {
    const violations = stackTemplates.flatMap(({ stackConstructPath, templatePath }) => {
      const { stackName } = Stack.of(appConstruct.node.findChild(stackConstructPath));
      return breachesOf(stackName, readFileSync(templatePath, 'utf8')).map(({ rule, logicalId, fault }) => ({
        // CDK puts the plugin's name before it, and two colons between them.
        ruleName: rule.replaceAll('::', '-'),
        description: `${rule} ${fault}`,
        severity: 'error',
        violatingResources: [
          {
            ...(logicalId !== undefined && { resourceLogicalId: logicalId }),
            templatePath,
            locations: [rule],
          },
        ],
      }));
    });
    return { success: violations.length === 0, violations };
  }
}
