import { describe, expect, it } from 'vitest';
import { resourcesOf, synthesize } from './synthesize.ts';

describe('every minute', () => {
  it.each([
    ['announce-boundaries', /^EntitlementsAnnounceBoundaries/],
    ['follow-heartbeat-topic', /^ConcurrencyFollowHeartbeatTopic/],
  ])('a run of %s starts, and none is made up for later', (name, target) => {
    expect(rulesOf({ stageName: 'dev', followHeartbeatTopic: 'true' })).toContainEqual({
      Name: `usher-dev-${name}`,
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Targets: [
        {
          Id: 'Target0',
          Arn: { 'Fn::GetAtt': [expect.stringMatching(target), 'Arn'] },
          RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
        },
      ],
    });
  });

  it('nothing else starts, and the topic is followed only where a stage wants it', () => {
    expect(rulesOf({ stageName: 'dev', followHeartbeatTopic: 'true' })).toHaveLength(2);
    expect(rulesOf({ stageName: 'dev' })).toMatchObject([{ Name: 'usher-dev-announce-boundaries' }]);
  });
});

it('a run that follows the topic may last longer than the minute to the next, so that nobody is missed', () => {
  const template = synthesize({ stageName: 'dev', followHeartbeatTopic: 'true' });
  const functions = Object.values(resourcesOf(template, 'AWS::Lambda::Function'));
  const follower = functions.find(
    ({ Properties }) => Properties['FunctionName'] === 'usher-dev-follow-heartbeat-topic',
  );
  expect(follower?.Properties['Timeout']).toBe(80);
});

function rulesOf(context: Readonly<Record<string, string>>) {
  const rules = resourcesOf(synthesize(context), 'AWS::Events::Rule');
  return Object.values(rules).map(({ Properties }) => Properties);
}
