import { describe, expect, it } from 'vitest';
import { resourcesOf, synthesize, theOnly } from './synthesize.ts';

const ORIGINS = 'https://tv.example,http://localhost:3000';

describe('the heartbeat URL', () => {
  const template = synthesize({ stageName: 'dev', origins: ORIGINS, heartbeatUrl: 'true' });

  it('is not there unless the stage asks for it', () => {
    const plain = synthesize({ stageName: 'dev' });
    expect(resourcesOf(plain, 'AWS::Lambda::Url')).toEqual({});
  });

  it('takes heartbeats from everyone, and the stage’s pages may send them and read when to try again', () => {
    expect(theOnly(template, 'AWS::Lambda::Url')).toEqual({
      TargetFunctionArn: { 'Fn::GetAtt': [expect.stringMatching(/^ConcurrencyRenewSession/), 'Arn'] },
      AuthType: 'NONE',
      Cors: {
        AllowOrigins: ['https://tv.example', 'http://localhost:3000'],
        AllowMethods: ['POST'],
        AllowHeaders: ['content-type'],
        ExposeHeaders: ['retry-after'],
        AllowCredentials: false,
        MaxAge: 3600,
      },
    });
  });

  it('lets in at once as many heartbeats as the stage reserves', () => {
    for (const [context, reserved] of [
      [{}, 100],
      [{ heartbeatConcurrency: '250' }, 250],
    ] as const) {
      const stage = synthesize({ stageName: 'dev', heartbeatUrl: 'true', ...context });
      const functions = Object.values(resourcesOf(stage, 'AWS::Lambda::Function'));
      expect(functions.map(({ Properties }) => Properties)).toContainEqual(
        expect.objectContaining({
          FunctionName: 'usher-dev-renew-session',
          ReservedConcurrentExecutions: reserved,
        }),
      );
    }
  });
});
