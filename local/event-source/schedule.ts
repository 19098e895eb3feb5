import { randomUUID } from 'node:crypto';
import type { LambdaFunction } from '../lambda/function.ts';

export interface Schedule {
  readonly ruleArn: string;
  readonly region: string;
  readonly everyMs: number;
  /** The constant event of each target, or undefined for EventBridge's own. */
  readonly targets: readonly { readonly target: LambdaFunction; readonly input?: string | undefined }[];
}

const unitMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** `rate(5 minutes)` in milliseconds, or undefined for everything else: cron expressions are not supported. */
export function rateMs(expression: string): number | undefined {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  return count === undefined || unit === undefined ? undefined : Number(count) * (unitMs[unit] ?? 0);
}

/**
 * Invokes the targets at the rate, and for the first time at once: a rate starts when its rule is created
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rate-expressions.html), in AWS at some moment of the first
 * period, and of those moments this is the one at which nobody has to wait.
 *
 * @returns a function after which nothing is invoked; what runs by then ends with its function.
 */
export function startSchedule({ ruleArn, region, everyMs, targets }: Schedule): () => void {
  const fire = () => {
    for (const { target, input } of targets) void target.invoke(input ?? scheduledEvent(ruleArn, region));
  };
  fire();
  const timer = setInterval(fire, everyMs);
  return () => clearInterval(timer);
}

function scheduledEvent(ruleArn: string, region: string): string {
  return JSON.stringify({
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '000000000000',
    time: new Date().toISOString(),
    region,
    resources: [ruleArn],
    detail: {},
  });
}
