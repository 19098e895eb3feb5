import { describe, expect, it } from 'vitest';
import { EVERYTHING, resourcesOf, synthesize, textsIn, theOnly, type Resource } from './synthesize.ts';

const template = synthesize({ stageName: 'pr-7', ssmStageName: 'dev', ...EVERYTHING });
const resources = (template.toJSON() as { readonly Resources: Readonly<Record<string, Dependent>> })
  .Resources;
const [cacheId] = Object.keys(resourcesOf(template, 'Custom::MomentoCache'));
const [providerId, provider] = Object.entries(resourcesOf(template, 'AWS::Lambda::Function')).find(
  ([, { Properties }]) => Properties['FunctionName'] === 'usher-pr-7-provide-cache',
)!;

interface Dependent extends Resource {
  readonly DependsOn?: readonly string[];
}

describe('the Momento cache', () => {
  it('is named like its stage, and made by a function of the stack', () => {
    expect(theOnly(template, 'Custom::MomentoCache')).toEqual({
      CacheName: 'usher-pr-7',
      ServiceToken: { 'Fn::GetAtt': [providerId, 'Arn'] },
      ServiceTimeout: '600',
    });
  });

  it('is made with the key of the stage whose secrets are shared', () => {
    expect(provider.Properties['Environment']).toMatchObject({
      Variables: {
        MOMENTO_SUPER_KEY_PARAMETER: '/usher/dev/momento-super-key',
        MOMENTO_ENDPOINT_PARAMETER: '/usher/dev/momento-endpoint',
      },
    });
  });

  it('is waited for until Lambda has given up too, and no request is run after that', () => {
    const seconds = Number(theOnly(template, 'Custom::MomentoCache')['ServiceTimeout']);
    const { Timeout } = provider.Properties;
    // The run and its two repetitions, the minute and the two minutes between them.
    expect(seconds).toBeGreaterThan(3 * Number(Timeout) + 60 + 120);
    expect(theOnly(template, 'AWS::Lambda::EventInvokeConfig')).toMatchObject({
      FunctionName: { Ref: providerId },
      MaximumEventAgeInSeconds: seconds,
    });
  });

  it('is there before whatever works on it, and gone only after that', () => {
    const functions = Object.entries(resources).filter(
      ([id, { Type }]) => Type === 'AWS::Lambda::Function' && id !== providerId,
    );
    const working = functions.filter(([, { Properties }]) =>
      textsIn(Properties['Environment']).includes('usher-pr-7'),
    );
    expect(working.length).toBeGreaterThan(5);
    for (const [id, { DependsOn = [] }] of working) expect([id, ...DependsOn]).toContain(cacheId);
  });

  it('is there before the table and the viewers, which prod would keep of a deployment that fails for want of it', () => {
    for (const type of ['AWS::DynamoDB::GlobalTable', 'AWS::Cognito::UserPool']) {
      const [kept] = Object.values(resourcesOf(template, type)) as Dependent[];
      expect(kept?.DependsOn).toContain(cacheId);
    }
  });

  it('is asked for only when its function may read the key', () => {
    expect(resources[cacheId!]?.DependsOn).toContain(providerId);
    const policies = resources[providerId]?.DependsOn?.filter(
      (id) => resources[id]?.Type === 'AWS::IAM::Policy',
    );
    expect(policies).toHaveLength(1);
  });
});
