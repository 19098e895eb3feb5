import { flag, oneOf, refuse, text, whole, type Context } from '../context-values.ts';

/** How a stage is watched, and how much it takes. */
export interface Operations {
  /** The SNS topic that is told of every alarm, and of its end; without one alarms are seen in CloudWatch only. */
  readonly alarmTopicArn: string | undefined;
  /** Slower than this for five minutes, at the 99th percentile of all routes, raises an alarm. */
  readonly latencyAlarmMs: number;
  /** X-Ray for every function but those that take heartbeats. */
  readonly tracing: boolean;
  /** A line for every request from API Gateway itself, those included that reach no function. */
  readonly accessLogs: boolean;
  /** How long it is known who did what with support's tools. */
  readonly auditRetentionDays: number;
  /** What API Gateway lets through: each route has a share of it (route-throttles.ts). */
  readonly throttle: { readonly requestsPerSecond: number; readonly burst: number };
}

/** A cold start of the slowest function is about two seconds; a route gives up after ten. */
const LATENCY_ALARM_MS = { of: 'whole milliseconds', least: 100, most: 29_000, otherwise: 3000 };

/** CloudWatch keeps logs for one of these; more than a year, so that it can be asked about a year later. */
const AUDIT_RETENTION_DAYS = [
  '90',
  '180',
  '365',
  '400',
  '731',
  '1096',
  '1827',
  '2192',
  '2557',
  '3653',
] as const;

/** API Gateway gives an account 10,000 in each region at first, and a burst of 5,000; more on request. */
const REQUESTS_PER_SECOND = { of: 'a whole number', least: 10, most: 100_000 };

export function readOperations(context: Context, { keepsData }: { readonly keepsData: boolean }): Operations {
  const requestsPerSecond = whole(context, 'requestsPerSecond', {
    ...REQUESTS_PER_SECOND,
    otherwise: keepsData ? 1000 : 500,
  });
  return {
    alarmTopicArn: alarmTopicArn(text(context, 'alarmTopicArn')),
    latencyAlarmMs: whole(context, 'latencyAlarmMs', LATENCY_ALARM_MS),
    tracing: flag(context, 'tracing'),
    accessLogs: flag(context, 'accessLogs'),
    auditRetentionDays: Number(oneOf(context, 'auditRetentionDays', AUDIT_RETENTION_DAYS, '400')),
    throttle: { requestsPerSecond, burst: 2 * requestsPerSecond },
  };
}

function alarmTopicArn(value: string | undefined): string | undefined {
  if (value === undefined || /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/.test(value)) return value;
  return refuse(
    'alarmTopicArn',
    value,
    'the ARN of an SNS topic in the stage’s region, arn:aws:sns:eu-west-1:123456789012:usher-alarms for one',
  );
}
