import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  LogQueryVisualizationType,
  LogQueryWidget,
  Stats,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { type MetricName, metricNames } from '../functions/domain/model/metric-names.ts';
import { appMetric, type Monitored } from './alarms.ts';

type Props = Monitored & { readonly alarms: readonly Alarm[] };

/** One page: alarms, tasks, times, credits, what the reconciler recovered, and the AWS services underneath. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, { alarms, ...monitored }: Props) {
    super(scope, id);
    const status = new AlarmStatusWidget({ alarms: [...alarms], width: fullWidth, height: 3 });
    new CloudWatchDashboard(this, 'Page', {
      defaultInterval: Duration.hours(12),
      widgets: [
        [status],
        tasks(monitored),
        times(),
        queue(),
        creditsAndImages(),
        troubles(),
        ...(monitored.canary ? [canaryRuns()] : []),
        requests(monitored.api),
        background(monitored),
      ],
    });
  }
}

type Row = IWidget[];

const fullWidth = 24;

const graph = (title: string, width: number, left: readonly IMetric[]): IWidget =>
  new GraphWidget({ title, width, height: 6, left: [...left], leftYAxis: { min: 0 } });

const sums = (...names: readonly MetricName[]) => names.map((name) => appMetric(name));

const tasks = ({ workflow }: Monitored): Row => [
  graph(
    'Tasks',
    12,
    sums(metricNames.taskCreated, metricNames.taskCompleted, metricNames.taskFailed),
  ),
  new LogQueryWidget({
    title: 'Tasks that failed, by code',
    logGroupNames: [workflow.functions['workflow/settle-task'].logGroup.logGroupName],
    queryLines: [
      `filter ${metricNames.taskFailed} = 1`,
      'stats count(*) as tasks by code',
      'sort tasks desc',
    ],
    view: LogQueryVisualizationType.TABLE,
    width: 12,
    height: 6,
  }),
];

const percentiles = (name: MetricName): readonly IMetric[] =>
  [50, 95].map((percent) =>
    appMetric(name, 5, Stats.percentile(percent)).with({ label: `p${percent}` }),
  );

const times = (): Row => [
  graph('Seconds from start to end', 8, percentiles(metricNames.taskSeconds)),
  graph('Seconds until a provider accepted the job', 8, percentiles(metricNames.waitSeconds)),
  graph('Seconds at the provider', 8, percentiles(metricNames.providerSeconds)),
];

/** What the reconciler has seen, once a minute. */
const queue = (): Row => [
  graph('Tasks that wait for a slot', 8, [appMetric(metricNames.queuedTasks, 1, Stats.MAXIMUM)]),
  graph('Seconds that the first of them has waited', 8, [
    appMetric(metricNames.oldestQueuedSeconds, 1, Stats.MAXIMUM),
  ]),
  graph(
    'Slots of the providers',
    8,
    [metricNames.slotsTaken, metricNames.slotsTotal].map((name) =>
      appMetric(name, 1, Stats.MAXIMUM),
    ),
  ),
];

const creditsAndImages = (): Row => [
  graph(
    'Credits, and creates beyond a daily budget',
    12,
    sums(metricNames.creditsReserved, metricNames.creditsCharged, metricNames.budgetExceeded),
  ),
  graph('Images', 12, sums(metricNames.imagesMade)),
];

const troubles = (): Row => [
  graph(
    'Recovered by the reconciler',
    12,
    sums(
      metricNames.unstartedTask,
      metricNames.uploadEventLost,
      metricNames.uploadsExpired,
      metricNames.deadExecution,
      metricNames.taskPastDeadline,
      metricNames.pendingCallback,
      metricNames.unfinishedDeletion,
      metricNames.expiredGrant,
      metricNames.reclaimedSlot,
    ),
  ),
  graph(
    'Not recovered',
    12,
    sums(
      metricNames.exhaustedTask,
      metricNames.brokenTask,
      metricNames.providerFailedTask,
      metricNames.deferredSubmit,
      metricNames.unknownSubmit,
      metricNames.unansweredTask,
      metricNames.providerAccountRejected,
      metricNames.undeliveredCallback,
      metricNames.reconcilerFailure,
      metricNames.thumbnailFailed,
    ),
  ),
];

/** What the canary has seen, four times an hour. */
const canaryRuns = (): Row => [
  graph('Runs of the canary that succeeded', 12, [appMetric(metricNames.canarySucceeded, 15)]),
  graph('Seconds of the canary', 12, [appMetric(metricNames.canarySeconds, 15, Stats.MAXIMUM)]),
];

const requests = (api: HttpApi): Row => [
  graph('Requests', 8, [api.metricCount({ statistic: Stats.SUM, label: 'requests' })]),
  graph('Responses that are errors', 8, [
    api.metricClientError({ statistic: Stats.SUM, label: '4xx' }),
    api.metricServerError({ statistic: Stats.SUM, label: '5xx' }),
  ]),
  graph(
    'Response time in milliseconds',
    8,
    [50, 95, 99].map((percent) =>
      appMetric(metricNames.responseMs, 5, Stats.percentile(percent)).with({
        label: `p${percent}`,
      }),
    ),
  ),
];

// An error of a function of the workflow may be one that the state machine expects.
function background({ workflow, triggers, deletion }: Monitored): Row {
  const { machine } = workflow;
  const functions: readonly IFunction[] = [
    ...Object.values(workflow.functions),
    triggers.functions['events/input-uploaded'],
    triggers.functions['events/reconcile'],
    triggers.functions['events/execution-ended'],
    deletion.functions['events/delete-pictures'],
  ];
  const label = (lambda: IFunction) => ({ label: lambda.node.id });
  return [
    graph('Executions', 8, [
      machine.metricStarted(),
      machine.metricSucceeded(),
      machine.metricFailed(),
      machine.metricTimedOut(),
      machine.metricAborted(),
    ]),
    graph(
      'Errors of functions',
      8,
      functions.map((lambda) => lambda.metricErrors(label(lambda))),
    ),
    graph(
      'Throttles of functions',
      8,
      functions.map((lambda) => lambda.metricThrottles(label(lambda))),
    ),
  ];
}
