import { loadStack, type Stack } from './cloudformation/assembly.ts';
import { checkTemplate } from './cloudformation/check.ts';
import { createResolver, type Surroundings } from './cloudformation/resolver.ts';
import { placeholder } from './identities.ts';
import { support } from './support.ts';

/** Where a stack without a region of its own runs: near the country that requests come from by default. */
export const defaultRegion = 'ap-northeast-1';
export const accountId = '000000000000';

/** Reads the template and refuses what cannot be honoured, before anything is started. */
export function readTemplate(assembly: string): Stack {
  const stack = loadStack(assembly);
  const resolver = createResolver({
    ...surroundings(stack, stack.region ?? defaultRegion),
    identityOf: placeholder,
    ssmParameter: (name) => name,
  });
  checkTemplate(stack.template, resolver, support);
  return stack;
}

/** What every resolver of the stack's template is given. */
export function surroundings(
  { name, template }: Stack,
  region: string,
): Pick<Surroundings, 'template' | 'pseudoParameters'> {
  return {
    template,
    pseudoParameters: {
      'AWS::AccountId': accountId,
      'AWS::NoValue': undefined,
      'AWS::Partition': 'aws',
      'AWS::Region': region,
      'AWS::StackId': `arn:aws:cloudformation:${region}:${accountId}:stack/${name}/local`,
      'AWS::StackName': name,
      'AWS::URLSuffix': 'amazonaws.com',
    },
  };
}
