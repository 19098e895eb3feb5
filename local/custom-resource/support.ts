import type { Support } from '../cloudformation/support.ts';

/** Stands for every type `Custom::…` too. What its properties mean is the function's own affair. */
export const customResourceType = 'AWS::CloudFormation::CustomResource';

export const customResourceSupport: Support = {
  [customResourceType]: { kind: 'checked-by-stand-in' },
};

export function isCustomResource(type: string): boolean {
  return type === customResourceType || type.startsWith('Custom::');
}
