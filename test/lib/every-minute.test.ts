import { expect, it } from 'vitest';
import { resourcesOf, synthesize, theOnly } from './synthesize.ts';

it('the topic is followed by a run that starts every minute, and none is made up for later', () => {
  expect(
    theOnly(synthesize({ stageName: 'dev', followHeartbeatTopic: 'true' }), 'AWS::Events::Rule'),
  ).toEqual({
    Name: 'usher-dev-follow-heartbeat-topic',
    ScheduleExpression: 'rate(1 minute)',
    State: 'ENABLED',
    Targets: [
      {
        Id: 'Target0',
        Arn: { 'Fn::GetAtt': [expect.stringMatching(/^ConcurrencyFollowHeartbeatTopic/), 'Arn'] },
        RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
      },
    ],
  });
});

it('a run may last longer than the minute to the next, so that nobody is missed between them', () => {
  const template = synthesize({ stageName: 'dev', followHeartbeatTopic: 'true' });
  const functions = Object.values(resourcesOf(template, 'AWS::Lambda::Function'));
  const follower = functions.find(
    ({ Properties }) => Properties['FunctionName'] === 'usher-dev-follow-heartbeat-topic',
  );
  expect(follower?.Properties['Timeout']).toBe(80);
});

it('nothing starts by the clock where the topic is not followed', () => {
  expect(resourcesOf(synthesize({ stageName: 'dev' }), 'AWS::Events::Rule')).toEqual({});
});
