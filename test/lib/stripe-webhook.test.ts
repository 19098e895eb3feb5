import { describe, expect, it } from 'vitest';
import { readStage } from '../../lib/stage.ts';
import { resourcesOf, synthesize, textsIn } from './synthesize.ts';

const modeOf = (context: Readonly<Record<string, unknown>>) => readStage((key) => context[key]).stripe;

describe('Stripe’s webhook', () => {
  it('is not there unless a stage asks for it', () => {
    for (const off of [undefined, false, 'false']) {
      expect(modeOf({ stageName: 'dev', stripe: off })).toBe('off');
    }
    expect(textsIn(synthesize({ stageName: 'dev' }).toJSON()).join()).not.toMatch(/stripe/i);
  });

  it('takes real payments on prod, and those of the test mode elsewhere', () => {
    for (const on of [true, 'true']) {
      expect(modeOf({ stageName: 'prod', stripe: on })).toBe('live');
      expect(modeOf({ stageName: 'dev', stripe: on })).toBe('test');
    }
    expect(modeOf({ stageName: 'prod', stripe: 'live' })).toBe('live');
    expect(modeOf({ stageName: 'dev', stripe: 'live' })).toBe('live');
    expect(modeOf({ stageName: 'dev', stripe: 'test' })).toBe('test');
  });

  it('never takes test payments on prod, nor anything that is no mode', () => {
    expect(() => modeOf({ stageName: 'prod', stripe: 'test' })).toThrow(
      /^The context stripe cannot be "test"/,
    );
    for (const wrong of ['on', '', 'Live', 1]) {
      expect(() => modeOf({ stageName: 'dev', stripe: wrong })).toThrow(/^The context stripe cannot be/);
    }
  });

  it('is an open route of its own, told which mode counts', () => {
    const template = synthesize({ stageName: 'prod', stripe: 'true' });
    const functions = Object.values(resourcesOf(template, 'AWS::Lambda::Function'));
    const named = functions.find(
      ({ Properties }) => Properties['FunctionName'] === 'usher-prod-accept-stripe-event',
    );
    expect(named?.Properties['Environment']).toMatchObject({
      Variables: { STRIPE_MODE: 'live', STRIPE_SECRETS_PARAMETER: '/usher/prod/stripe-secrets' },
    });
    const paths = Object.values(resourcesOf(template, 'AWS::ApiGateway::Resource'));
    expect(paths.map(({ Properties }) => Properties['PathPart'])).toContain('webhooks');
  });
});
