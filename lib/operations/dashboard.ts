import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  Metric,
  TextWidget,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { AccountsTable } from '../accounts-table.ts';
import type { CheckoutQueue } from '../checkout-queue.ts';
import { countedMetric } from './counted-metric.ts';
import type { RestApi } from '../rest-api.ts';
import { nameIn, type Stage } from '../stage.ts';
import { UsherFunction } from '../usher-function.ts';

export interface StageDashboardProps {
  readonly stage: Stage;
  readonly api: RestApi;
  readonly checkout: CheckoutQueue;
  readonly table: AccountsTable;
}

const PERIOD = Duration.minutes(1);

/**
 * The stage on one page, from what viewers notice down to what it rests on. Made last: it shows every function and every
 * alarm that the stack has by then.
 */
export class StageDashboard extends Construct {
  constructor(scope: Construct, id: string, { stage, api, checkout, table }: StageDashboardProps) {
    super(scope, id);
    const parts = Stack.of(this).node.findAll();
    const functions = parts.filter((part) => part instanceof UsherFunction);
    const alarms = parts.filter((part) => part instanceof Alarm);
    const perFunction = (metric: (one: UsherFunction) => Metric) =>
      functions.map((one) => metric(one).with({ label: one.file }));
    const counted = (...names: readonly Parameters<typeof countedMetric>[1][]) =>
      names.map((name) => countedMetric(stage, name, PERIOD).with({ label: name }));
    const sum = { period: PERIOD, statistic: 'Sum' };
    const most = { period: PERIOD, statistic: 'Maximum' };

    const dashboard = new Dashboard(this, 'Page', { dashboardName: nameIn(stage) });
    dashboard.addWidgets(
      new AlarmStatusWidget({
        title: 'Alarms (docs/runbook.md has a section on each)',
        alarms,
        width: 24,
        height: 3,
      }),
    );
    row('What viewers notice', [
      graph('Requests a minute', [
        api.metrics.metricCount({ ...sum, label: 'all' }),
        api.metrics.metricClientError({ ...sum, label: '4xx' }),
        api.metrics.metricServerError({ ...sum, label: '5xx' }),
      ]),
      graph('Latency of the API, ms', [
        api.metrics.metricLatency({ period: PERIOD, statistic: 'p50', label: 'p50' }),
        api.metrics.metricLatency({ period: PERIOD, statistic: 'p99', label: 'p99' }),
      ]),
      graph('Starts of sessions a minute', [
        ...counted('Admissions', 'RefusalsNotEntitled', 'RefusalsTooManyStreams'),
        ...counted('DegradedAdmissions', 'OverAdmissions'),
      ]),
    ]);
    row('Functions', [
      graph(
        'Invocations a minute',
        perFunction((one) => one.metricInvocations(sum)),
      ),
      graph(
        'Errors: crashes and timeouts',
        perFunction((one) => one.metricErrors(sum)),
      ),
      graph(
        'Throttled',
        perFunction((one) => one.metricThrottles(sum)),
      ),
    ]);
    row('How long they take', [
      graph(
        'p50, ms',
        perFunction((one) => one.metricDuration({ period: PERIOD, statistic: 'p50' })),
      ),
      graph(
        'p99, ms',
        perFunction((one) => one.metricDuration({ period: PERIOD, statistic: 'p99' })),
      ),
      graph(
        'At once',
        perFunction((one) => one.metric('ConcurrentExecutions', most)),
      ),
    ]);
    row('From a checkout to the players', [
      graph('Messages in the queue', [
        checkout.queue.metricApproximateNumberOfMessagesVisible({ ...most, label: 'to be fetched' }),
        checkout.queue.metricApproximateNumberOfMessagesNotVisible({ ...most, label: 'in work, or waiting' }),
        checkout.queue.metricApproximateNumberOfMessagesDelayed({ ...most, label: 'delayed' }),
        checkout.deadLetters.metricApproximateNumberOfMessagesVisible({ ...most, label: 'dead letters' }),
      ]),
      graph('Age of the oldest, s', [
        checkout.queue.metricApproximateAgeOfOldestMessage({ ...most, label: 'oldest message' }),
        new Metric({
          namespace: 'usher',
          metricName: nameIn(stage, 'boundaries-late-seconds'),
          ...most,
          label: 'boundaries late',
        }),
      ]),
      graph(
        'Purchases and what came of them, a minute',
        counted('PurchasesAccepted', 'Recomputes', 'AnnouncementsPublished', 'DeadLetters'),
      ),
    ]);
    row('What it rests on', [
      graph('Trouble with Momento', counted('MomentoUnreachable', 'MomentoThrottled', 'TokenLimitHits')),
      graph('Units of the table a minute', [
        table.metricConsumedReadCapacityUnits({ ...sum, label: 'read' }),
        table.metricConsumedWriteCapacityUnits({ ...sum, label: 'written' }),
      ]),
      graph('The account’s functions at once', [
        new Metric({
          namespace: 'AWS/Lambda',
          metricName: 'ConcurrentExecutions',
          ...most,
          label: 'all stages',
        }),
      ]),
    ]);

    function row(title: string, graphs: readonly GraphWidget[]): void {
      dashboard.addWidgets(new TextWidget({ markdown: `## ${title}`, width: 24, height: 1 }));
      dashboard.addWidgets(...graphs);
    }
  }
}

/** A third of the page's width. */
function graph(title: string, left: readonly IMetric[]): GraphWidget {
  return new GraphWidget({
    title,
    left: [...left],
    width: 8,
    height: 6,
    leftYAxis: { min: 0, showUnits: false },
  });
}
