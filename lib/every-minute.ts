import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { nameIn, type Stage } from './stage.ts';
import type { UsherFunction } from './usher-function.ts';

export interface EveryMinuteProps {
  readonly stage: Stage;
  readonly name: string;
  readonly target: UsherFunction;
}

/**
 * Starts a function every minute. A start that EventBridge cannot deliver at once is given up: the next is a minute
 * away, and a late or repeated one would only do the same work twice.
 */
export class EveryMinute extends Construct {
  constructor(scope: Construct, id: string, { stage, name, target }: EveryMinuteProps) {
    super(scope, id);
    new Rule(this, 'Rule', {
      ruleName: nameIn(stage, name),
      schedule: Schedule.rate(Duration.minutes(1)),
      // EventBridge takes no age below a minute.
      targets: [new LambdaFunction(target, { retryAttempts: 0, maxEventAge: Duration.minutes(1) })],
    });
  }
}
