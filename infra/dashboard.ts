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
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { ours } from './metrics.ts';
import type { Triggers } from './triggers.ts';
import type { WorkflowFunctions } from './workflow-functions.ts';

type Props = {
  readonly api: HttpApi;
  readonly machine: StateMachine;
  readonly work: WorkflowFunctions;
  readonly triggers: Triggers;
  readonly alarms: readonly Alarm[];
};

/** How it goes, on one page: tasks, times, credits, what had to be rescued, and the machinery below. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, { api, machine, work, triggers, alarms }: Props) {
    super(scope, id);
    const status = new AlarmStatusWidget({ alarms: [...alarms], width: wholeRow, height: 3 });
    new CloudWatchDashboard(this, 'Page', {
      defaultInterval: Duration.hours(12),
      widgets: [
        [status],
        ...[tasks(work.settleTask), times(), figures()],
        ...[rescues(), routes(api), background(machine, work, triggers)],
      ],
    });
  }
}

type Row = IWidget[];

const wholeRow = 24;

const graph = (title: string, width: number, left: readonly IMetric[]): IWidget =>
  new GraphWidget({ title, width, height: 6, left: [...left], leftYAxis: { min: 0 } });

const many = (...names: readonly string[]) => names.map((name) => ours(name));

const tasks = (settleTask: WorkflowFunctions['settleTask']): Row => [
  graph('Tasks', 12, many('TaskCreated', 'TaskCompleted', 'TaskFailed')),
  new LogQueryWidget({
    title: 'Tasks that failed, by code',
    logGroupNames: [settleTask.logGroup.logGroupName],
    queryLines: ['filter TaskFailed = 1', 'stats count(*) as tasks by code', 'sort tasks desc'],
    view: LogQueryVisualizationType.TABLE,
    ...{ width: 12, height: 6 },
  }),
];

const shares = (name: string): readonly IMetric[] =>
  [50, 95].map((share) => ours(name, 5, Stats.percentile(share)).with({ label: `p${share}` }));

const times = (): Row => [
  graph('Seconds from the start to the end', 8, shares('TaskSeconds')),
  graph('Seconds until the provider took it', 8, shares('WaitSeconds')),
  graph('Seconds with the provider', 8, shares('ProviderSeconds')),
];

const figures = (): Row => [
  graph('Credits', 12, many('CreditsReserved', 'CreditsCharged')),
  graph('Images', 12, many('ImagesMade')),
];

const rescues = (): Row => [
  graph(
    'What the sweep had to bring on',
    12,
    many('UnstartedTask', 'UploadsOver', 'DeadExecution', 'TaskPastDeadline', 'UntoldCaller'),
  ),
  graph(
    'What nothing could mend',
    12,
    many(
      ...['ExhaustedTask', 'BrokenTask', 'UnknownSubmit', 'ProviderRefusedOperator'],
      ...['UndeliveredCallback', 'SweepFailure'],
    ),
  ),
];

const routes = (api: HttpApi): Row => [
  graph('Requests', 8, [api.metricCount({ statistic: Stats.SUM, label: 'requests' })]),
  graph('Answers that are errors', 8, [
    api.metricClientError({ statistic: Stats.SUM, label: '4xx' }),
    api.metricServerError({ statistic: Stats.SUM, label: '5xx' }),
  ]),
  graph(
    'Milliseconds of an answer',
    8,
    [50, 95, 99].map((share) =>
      api.metricLatency({ statistic: Stats.percentile(share), label: `p${share}` }),
    ),
  ),
];

// A function's error may be an answer here: the state machine goes by them.
function background(machine: StateMachine, work: WorkflowFunctions, triggers: Triggers): Row {
  const { prepareInputs, submitTask, awaitProvider, pollTask, settleTask, notifyCaller } = work;
  const { inputUploaded, sweep, executionEnded } = triggers;
  const all: readonly IFunction[] = [
    ...[prepareInputs, submitTask, awaitProvider, pollTask, settleTask, notifyCaller],
    ...[inputUploaded, sweep, executionEnded],
  ];
  const each = (metric: (lambda: IFunction) => IMetric) => all.map(metric);
  const named = (lambda: IFunction) => ({ label: lambda.node.id });
  return [
    graph('Executions', 8, [
      ...[machine.metricStarted(), machine.metricSucceeded()],
      ...[machine.metricFailed(), machine.metricTimedOut(), machine.metricAborted()],
    ]),
    graph(
      'Errors of functions',
      8,
      each((lambda) => lambda.metricErrors(named(lambda))),
    ),
    graph(
      'Throttles of functions',
      8,
      each((lambda) => lambda.metricThrottles(named(lambda))),
    ),
  ];
}
