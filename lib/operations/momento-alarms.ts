import { Construct } from 'constructs';
import { countedMetric } from './counted-metric.ts';
import { StageAlarm } from './stage-alarm.ts';
import type { Stage } from '../stage.ts';

/** Tells that Momento does not answer, or that one of its quotas is used up. */
export class MomentoAlarms extends Construct {
  constructor(scope: Construct, id: string, { stage }: { readonly stage: Stage }) {
    super(scope, id);
    new StageAlarm(this, 'Unreachable', {
      stage,
      name: 'momento-unreachable',
      says: 'Momento does not answer: who plays goes on, who starts is admitted by the table.',
      metric: countedMetric(stage, 'MomentoUnreachable'),
      // Each environment of a function tells at most once in five seconds. One lost connection is no outage.
      threshold: 5,
    });
    new StageAlarm(this, 'Throttled', {
      stage,
      name: 'momento-throttled',
      says: 'Momento turns calls away: a quota of the cache or of topics is used up.',
      metric: countedMetric(stage, 'MomentoThrottled'),
      threshold: 5,
    });
    new StageAlarm(this, 'TokenLimit', {
      stage,
      name: 'token-limit',
      says: 'Momento mints no more tokens: viewers who sign in are asked to come back in a second.',
      metric: countedMetric(stage, 'TokenLimitHits'),
      // Ten viewers who wait a second each are nobody's night.
      threshold: 50,
    });
  }
}
