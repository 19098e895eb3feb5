import { customResourceType, isCustomResource } from '../custom-resource/support.ts';
import type { Template } from './assembly.ts';
import type { Resolver } from './resolver.ts';
import { fields, refusals, type Support } from './support.ts';

const understoodSections = new Set([
  'AWSTemplateFormatVersion',
  'Conditions',
  'Description',
  'Mappings',
  'Metadata',
  'Outputs',
  'Parameters',
  'Resources',
  'Rules', // the CDK's only one asks whether the account is bootstrapped; there is no account
]);

/** `DependsOn` orders a deployment, the policies end one, `Metadata` is read by tools. */
const understoodAttributes = new Set([
  'Condition',
  'DeletionPolicy',
  'DependsOn',
  'Metadata',
  'Properties',
  'Type',
  'UpdateReplacePolicy',
]);

/**
 * Makes sure that everything in the template is either honoured or knowingly without effect.
 *
 * @throws naming every resource and property that is neither, in one error.
 */
export function checkTemplate(template: Template, resolver: Resolver, support: Support): void {
  const problems = [
    ...Object.keys(template)
      .filter((section) => !understoodSections.has(section))
      .map((section) => `the section ${section} is not supported`),
    ...resolver
      .resources()
      .flatMap(([logicalId, resource]) =>
        problemsOf(resolver, support, logicalId, resource).map(
          (problem) => `${logicalId} (${resource.Type}): ${problem}`,
        ),
      ),
  ];
  if (problems.length > 0) {
    throw new Error(`The local runner cannot honour this template:\n${problems.map(bullet).join('\n')}`);
  }
}

function problemsOf(
  resolver: Resolver,
  support: Support,
  logicalId: string,
  resource: { readonly Type: string },
): readonly string[] {
  const attributes = Object.keys(resource)
    .filter((name) => !understoodAttributes.has(name))
    .map((name) => `the attribute ${name} is not supported`);
  const type = support[isCustomResource(resource.Type) ? customResourceType : resource.Type];
  if (type === undefined) return [...attributes, 'the resource type is not supported'];
  if (type.kind !== 'honoured') return attributes;
  return [...attributes, ...refusals(fields(type.properties), resolver.properties(logicalId), '')];
}

function bullet(problem: string): string {
  return `  - ${problem}`;
}
