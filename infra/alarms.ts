import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { AlarmMail } from './alarm-mail.ts';
import { ours, together } from './metrics.ts';
import type { Triggers } from './triggers.ts';
import type { WorkflowFunctions } from './workflow-functions.ts';

type Watched = {
  readonly api: HttpApi;
  readonly machine: StateMachine;
  readonly work: WorkflowFunctions;
  readonly triggers: Triggers;
};

const { GREATER_THAN_OR_EQUAL_TO_THRESHOLD, LESS_THAN_THRESHOLD } = ComparisonOperator;
const quiet = {
  comparisonOperator: GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  evaluationPeriods: 1,
  treatMissingData: TreatMissingData.NOT_BREACHING,
};

/** What somebody has to know of: a call each, and a heading of the same name in docs/runbook.md. */
export class Alarms extends Construct {
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, watched: Watched) {
    super(scope, id);
    const mail = new AlarmMail(this, 'Mail');
    const alarm = (name: string, wrong: string, metric: IMetric, threshold = 1, rules = quiet) => {
      const alarmDescription = `${wrong} What to do: docs/runbook.md#${name.toLowerCase()}`;
      const made = new Alarm(this, name, { ...{ metric, threshold, alarmDescription }, ...rules });
      made.addAlarmAction(mail);
      made.addOkAction(mail);
      return made;
    };
    this.all = [
      ...ofTasks(alarm),
      ...ofSweep(alarm, watched),
      ...ofExecutions(alarm, watched),
      ...ofFunctions(alarm, watched),
    ];
  }
}

type MakeAlarm = (
  name: string,
  wrong: string,
  metric: IMetric,
  threshold?: number,
  rules?: typeof quiet,
) => Alarm;

const ofTasks = (alarm: MakeAlarm) => [
  alarm(
    'TaskPastDeadline',
    'A task should have ended by itself and had to be woken or started again.',
    ours('TaskPastDeadline'),
  ),
  alarm('ExhaustedTask', 'A task goes on killing its executions.', ours('ExhaustedTask')),
  alarm('BrokenTask', 'Tasks fail, and it is our fault.', ours('BrokenTask', 15), 3),
  alarm(
    'UnknownSubmit',
    'The provider did not say whether it took jobs, and may bill them.',
    ours('UnknownSubmit', 60),
    3,
  ),
  alarm(
    'ProviderRefusedOperator',
    'The provider refuses our key, our bill or our model, so every task fails.',
    ours('ProviderRefusedOperator'),
  ),
  alarm(
    'UndeliveredCallback',
    'Callers were not told how their tasks ended, and will not be.',
    ours('UndeliveredCallback', 60),
    5,
  ),
  alarm('SweepFailure', 'The sweep could not rescue tasks.', ours('SweepFailure', 15), 3),
];

function ofSweep(alarm: MakeAlarm, { triggers: { sweep } }: Watched) {
  const period = Duration.minutes(5);
  const succeeded = new MathExpression({
    ...{ label: 'sweeps that succeeded', expression: 'ran - failed', period },
    usingMetrics: { ran: sweep.metricInvocations(), failed: sweep.metricErrors() },
  });
  const says = 'No sweep has succeeded for ten minutes, so nothing that is lost is found.';
  return [
    alarm('SweepStopped', says, succeeded, 1, {
      comparisonOperator: LESS_THAN_THRESHOLD,
      evaluationPeriods: 2,
      treatMissingData: TreatMissingData.BREACHING,
    }),
  ];
}

function ofExecutions(alarm: MakeAlarm, { machine }: Watched) {
  const ends = [machine.metricFailed(), machine.metricTimedOut(), machine.metricAborted()];
  const bad = together('executions that ended badly', 5, ends);
  return [alarm('ExecutionFailed', 'An execution ended without settling its task.', bad)];
}

function ofFunctions(alarm: MakeAlarm, { api, work, triggers }: Watched) {
  const { awaitProvider, pollTask, prepareInputs, submitTask, settleTask, notifyCaller } = work;
  const { inputUploaded, sweep, executionEnded, issueKey } = triggers;
  // What the other four throw is mostly an answer: a bad picture, a busy provider, a deaf caller.
  const never = [awaitProvider, pollTask, inputUploaded, sweep, executionEnded, issueKey];
  // Ten, which is as many metrics as one alarm may have. The routes' own errors are the API's 5xx.
  const all = [...never, prepareInputs, submitTask, settleTask, notifyCaller];
  const of = (those: readonly IFunction[], metric: (lambda: IFunction) => IMetric) =>
    those.map(metric);
  const errors = of(never, (lambda) => lambda.metricErrors());
  const throttles = of(all, (lambda) => lambda.metricThrottles());
  return [
    alarm('FunctionError', 'Functions crash that never should.', together('errors', 5, errors), 3),
    alarm(
      'FunctionThrottled',
      'Functions are not let run: the account has no concurrency left.',
      together('throttles', 5, throttles),
      5,
    ),
    alarm(
      'ApiServerError',
      'The API answers 5xx.',
      api.metricServerError({ statistic: 'Sum', period: Duration.minutes(5) }),
      5,
    ),
  ];
}
