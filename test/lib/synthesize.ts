import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { nameIn, readStage } from '../../lib/stage.ts';
import { UsherStack } from '../../lib/usher-stack.ts';

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

/** What a stage has only where its settings say so. */
export const EVERYTHING = { followHeartbeatTopic: 'true', heartbeatUrl: 'true', stripe: 'true' };

/** The template of a stage, without bundling: every function holds one line. */
export function synthesize(context: Readonly<Record<string, unknown>>): Template {
  const stage = readStage((key) => context[key]);
  return Template.fromStack(new UsherStack(new App(), nameIn(stage), { stage, code: oneLine }));
}

function oneLine(): Code {
  return Code.fromInline('export const handler = () => undefined;');
}

/** The resources of a type, by logical id. */
export function resourcesOf(template: Template, type: string): Readonly<Record<string, Resource>> {
  return template.findResources(type) as Record<string, Resource>;
}

/** Every text anywhere in `value`, the keys of objects aside. */
export function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

/** The properties of the one resource of a type; throws when there are none or several. */
export function theOnly(template: Template, type: string): Resource['Properties'] {
  const [resource, ...others] = Object.values(resourcesOf(template, type));
  if (resource === undefined || others.length > 0)
    throw new Error(`the template has not exactly one ${type}`);
  return resource.Properties;
}
