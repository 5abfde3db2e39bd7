import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  MathExpression,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Subscription, SubscriptionProtocol, Topic } from 'aws-cdk-lib/aws-sns';
import { Aws, CfnCondition, CfnResource, Duration, Fn, Stack, Token } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { canaryMinutes } from '../functions/domain/model/canary.ts';
import {
  type MetricName,
  metricNames,
  metricNamespace,
} from '../functions/domain/model/metric-names.ts';
import { indexNames } from '../functions/domain/model/storage-names.ts';
import type { Canary } from './canary.ts';
import type { Deletion } from './deletion.ts';
import { textParameter } from './parameter.ts';
import type { Stage } from './stage.ts';
import type { Table, Tables } from './tables.ts';
import type { Triggers } from './triggers.ts';
import type { Workflow } from './workflow.ts';

/** What alarms and dashboard read their metrics from. */
export type Monitored = {
  readonly api: HttpApi;
  readonly workflow: Workflow;
  readonly triggers: Triggers;
  readonly deletion: Deletion;
  readonly tables: Tables;
  /** Absent unless the settings turn it on. */
  readonly canary: Canary | undefined;
};

type AlarmProps = {
  readonly description: string;
  readonly metric: IMetric;
  /** The alarm goes off when the sum reaches this number; by default 1. */
  readonly threshold?: number;
  /** The alarm goes off when the sum is below the threshold, and also when data is missing. */
  readonly isBelow?: boolean;
  /** How many periods in a row have to be bad; by default 1, and 2 with `isBelow`. */
  readonly periods?: number;
};

/** The alarms. Each has a section of the same name in docs/runbook.md. */
export class Alarms extends Construct {
  readonly alarms: readonly Alarm[];
  readonly mail: AlarmMail;

  constructor(scope: Construct, id: string, monitored: Monitored, stage: Stage) {
    super(scope, id);
    const mail = new AlarmMail(this, 'Mail', stage);
    this.mail = mail;
    const all = {
      ...taskAlarms,
      ...reconcilerAlarm(monitored),
      ...executionAlarm(monitored),
      ...functionAlarms(monitored),
      ...capacityAlarms(monitored),
      ...queueAlarm(monitored),
      ...canaryAlarm(monitored),
    };
    this.alarms = Object.entries<AlarmProps>(all).map(([name, props]) => {
      const alarm = new Alarm(this, name, propertiesOf(name, props));
      alarm.addAlarmAction(mail);
      alarm.addOkAction(mail);
      return alarm;
    });
  }
}

const propertiesOf = (
  name: string,
  { description, metric, threshold = 1, isBelow = false, periods = isBelow ? 2 : 1 }: AlarmProps,
) => ({
  metric,
  threshold,
  alarmDescription: `${description} What to do: docs/runbook.md#${name.toLowerCase()}`,
  comparisonOperator: isBelow
    ? ComparisonOperator.LESS_THAN_THRESHOLD
    : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  evaluationPeriods: periods,
  treatMissingData: isBelow ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
});

/** A metric that our functions emit (`functions/runtime/metric.ts`). */
export const appMetric = (
  metricName: MetricName,
  minutes = 5,
  statistic: string = Stats.SUM,
): Metric =>
  new Metric({
    namespace: metricNamespace,
    metricName,
    statistic,
    dimensionsMap: { service: Aws.STACK_NAME },
    period: Duration.minutes(minutes),
  });

/** The sum of some metrics. Missing data counts as 0, because services report only what happened. */
const sumOf = (label: string, minutes: number, metrics: readonly IMetric[]): IMetric =>
  new MathExpression({
    label,
    expression: `SUM([${metrics.map((_, index) => `FILL(m${index}, 0)`).join(', ')}])`,
    usingMetrics: Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric])),
    period: Duration.minutes(minutes),
  });

/** Fewer failed tasks than this in a quarter of an hour are no outage, whatever their share is. */
const minFailedTasks = 3;

/**
 * The share of tasks that failed because of the providers. When no task was completed, deferred submits count as well.
 */
const providerFailures = `IF(FILL(completed, 0) > 0, ${[
  `IF(FILL(failed, 0) >= ${minFailedTasks}, FILL(failed, 0) / (FILL(failed, 0) + FILL(completed, 0)), 0)`,
  `IF(FILL(failed, 0) + FILL(deferred, 0) >= ${minFailedTasks}, 1, 0)`,
].join(', ')})`;

/** A wait for a slot of so many seconds is an alarm: after a day the task fails. */
const longWaitSeconds = 12 * 60 * 60;
/** If so many slots are not taken up or not freed in five minutes, it is no accident. */
const stuckSlots = 5;

const taskAlarms = {
  TaskPastDeadline: {
    description: 'The reconciler had to wake or restart the workflow of a task past its deadline.',
    metric: appMetric(metricNames.taskPastDeadline),
  },
  ExhaustedTask: {
    description: 'The executions of a task die one after the other.',
    metric: appMetric(metricNames.exhaustedTask),
  },
  BrokenTask: {
    description: 'Tasks fail with service_error, which is our fault.',
    metric: appMetric(metricNames.brokenTask, 15),
    threshold: 3,
  },
  ProviderFailing: {
    description: 'No provider takes or finishes the jobs of most tasks.',
    // Tasks that failed because of their caller or a picture say nothing about the providers. Deferred ones are
    // ordinary at a provider that works at its limit.
    metric: new MathExpression({
      label: 'share of tasks that the providers failed or did not take',
      expression: providerFailures,
      usingMetrics: {
        failed: appMetric(metricNames.providerFailedTask, 15),
        deferred: appMetric(metricNames.deferredSubmit, 15),
        completed: appMetric(metricNames.taskCompleted, 15),
      },
      period: Duration.minutes(15),
    }),
    threshold: 0.5,
  },
  UnstartedTask: {
    description: 'Tasks were not started when they were ready, and the reconciler started them.',
    metric: appMetric(metricNames.unstartedTask, 15),
    threshold: 5,
  },
  UploadEventLost: {
    description: 'All pictures of a task were uploaded, and no event about it started the task.',
    metric: appMetric(metricNames.uploadEventLost),
  },
  UnknownSubmit: {
    description: 'A provider did not say whether it accepted jobs, and may bill us for them.',
    metric: appMetric(metricNames.unknownSubmit, 60),
    threshold: 3,
  },
  ProviderAccountRejected: {
    description: 'A provider rejects our API key, our account or the model we ask for.',
    metric: appMetric(metricNames.providerAccountRejected),
  },
  UndeliveredCallback: {
    description: 'Callbacks were given up, so callers do not know how their tasks ended.',
    metric: appMetric(metricNames.undeliveredCallback, 60),
    threshold: 5,
  },
  ReconcilerFailure: {
    description: 'The reconciler could not recover tasks.',
    metric: appMetric(metricNames.reconcilerFailure, 15),
    threshold: 3,
  },
};

function reconcilerAlarm({ triggers }: Monitored) {
  const reconcile = triggers.functions['events/reconcile'];
  return {
    ReconcilerStopped: {
      description: 'No run of the reconciler has succeeded for ten minutes: it repairs nothing.',
      metric: new MathExpression({
        label: 'reconciler runs that succeeded',
        // FILL, because without data an alarm reads older periods, and would come 10 minutes late.
        expression: 'FILL(ran, 0) - FILL(failed, 0)',
        period: Duration.minutes(5),
        usingMetrics: { ran: reconcile.metricInvocations(), failed: reconcile.metricErrors() },
      }),
      isBelow: true,
    },
  };
}

function executionAlarm({ workflow: { machine } }: Monitored) {
  const ends = [machine.metricFailed(), machine.metricTimedOut(), machine.metricAborted()];
  return {
    ExecutionFailed: {
      description: 'An execution ended without settling its task.',
      metric: sumOf('executions that ended badly', 5, ends),
    },
  };
}

function functionAlarms({ api, workflow, triggers, deletion }: Monitored) {
  // These never throw on purpose. The other functions of the workflow throw errors that the state machine acts on: a bad
  // picture, a busy provider, a receiver that does not respond.
  const neverThrowing = [
    workflow.functions['workflow/await-slot'],
    workflow.functions['workflow/await-provider'],
    workflow.functions['workflow/poll-task'],
    ...Object.values(triggers.functions),
    ...Object.values(deletion.functions),
  ];
  // One alarm may have ten metrics. These are ten: all functions but the one that an operator runs by hand. An error of a
  // route counts as a 5xx of the API, also when the route waits for another function in vain.
  const byHand = triggers.functions['events/issue-key'];
  const all = [
    ...Object.values(workflow.functions),
    ...Object.values(triggers.functions).filter((lambda) => lambda !== byHand),
  ];
  return {
    FunctionError: {
      description: 'Functions crash that should never crash.',
      metric: sumOf(
        'errors',
        5,
        neverThrowing.map((lambda) => lambda.metricErrors()),
      ),
      threshold: 3,
    },
    FunctionThrottled: {
      description: 'Lambda throttles functions: the account has no concurrency left.',
      metric: sumOf(
        'throttles',
        5,
        all.map((lambda) => lambda.metricThrottles()),
      ),
      threshold: 5,
    },
    ApiServerError: {
      description: 'The API responds with 5xx.',
      metric: api.metricServerError({ statistic: 'Sum', period: Duration.minutes(5) }),
      threshold: 5,
    },
  };
}

/** Where AWS holds the stack back, and whether callers notice. */
function capacityAlarms({ workflow, tables }: Monitored) {
  const { tasks, accounts, keys, activity, idempotency } = tables;
  return {
    WorkflowThrottled: {
      description:
        'Step Functions holds executions back: the account has no state transitions left.',
      metric: workflow.machine.metricThrottled({ statistic: Stats.SUM }),
      threshold: 5,
    },
    TableThrottled: {
      description: 'DynamoDB rejects reads or writes, so requests wait or fail.',
      metric: sumOf(
        'throttled requests',
        5,
        // Ten metrics, as many as one alarm may have. A throttled request for a file, or of the operator, is a 5xx of the
        // API.
        [tasks, accounts, keys, activity, idempotency].flatMap((table) => throttlesOf(table)),
      ),
      threshold: 10,
    },
    IndexThrottled: {
      description: 'DynamoDB rejects reads or writes of an index, so requests wait or fail.',
      // The metrics of a table do not contain those of its indexes.
      metric: sumOf('throttled requests', 5, [
        ...throttlesOf(tasks, indexNames.nextCheck),
        ...throttlesOf(tasks, indexNames.tasksByAccount),
        ...throttlesOf(accounts, indexNames.accountsByName),
        ...throttlesOf(keys, indexNames.keysByAccount),
        // One alarm may have ten metrics, so the reads of these two indexes are left out: only lists for people need
        // them.
        writeThrottlesOf(tasks, indexNames.tasksByDay),
        writeThrottlesOf(tasks, indexNames.undeliveredCallbacks),
      ]),
      threshold: 10,
    },
    ApiSlow: {
      description:
        'One response in twenty takes three seconds or longer, for a quarter of an hour.',
      metric: appMetric(metricNames.responseMs, 5, Stats.percentile(95)),
      threshold: 3000,
      periods: 3,
    },
  };
}

function queueAlarm({ tables: { queue } }: Monitored) {
  const throttles = throttlesOf(queue);
  const names = throttles.map((_, index) => `throttled${index}`);
  return {
    QueueStuck: {
      description:
        'Tasks do not take up their slots or free them, have waited for half a day, or DynamoDB rejects reads or writes of the queue.',
      metric: new MathExpression({
        label: 'slots not taken up or not freed, and throttled requests',
        expression: [
          ...['expired', 'reclaimed', ...names].map((name) => `FILL(${name}, 0)`),
          `IF(FILL(oldest, 0) >= ${longWaitSeconds}, ${stuckSlots}, 0)`,
        ].join(' + '),
        usingMetrics: {
          expired: appMetric(metricNames.expiredGrant),
          reclaimed: appMetric(metricNames.reclaimedSlot),
          oldest: appMetric(metricNames.oldestQueuedSeconds, 5, Stats.MAXIMUM),
          ...Object.fromEntries(throttles.map((metric, index) => [names[index], metric])),
        },
        period: Duration.minutes(5),
      }),
      threshold: stuckSlots,
    },
  };
}

/**
 * Two of the last three runs have to succeed. The window is five minutes longer than three intervals. So it always has
 * three runs in it, however late each is, and four when one is early. One success between two failures does not hide
 * them. A run that did not come counts as failed.
 */
function canaryAlarm({ canary }: Monitored) {
  if (!canary) return {};
  return {
    CanaryFailing: {
      description:
        'Two of the last three runs of the canary failed or did not come: callers may get no pictures.',
      metric: appMetric(metricNames.canarySucceeded, 3 * canaryMinutes + 5),
      threshold: 2,
      isBelow: true,
      periods: 1,
    },
  };
}

/** The throttled reads and writes of a table without its indexes, or of one index. */
const throttlesOf = <Index extends string>(
  table: Table<Index>,
  index?: NoInfer<Index>,
): readonly IMetric[] => [
  throttledOf('ReadThrottleEvents', table, index),
  writeThrottlesOf(table, index),
];

const writeThrottlesOf = <Index extends string>(
  table: Table<Index>,
  index?: NoInfer<Index>,
): IMetric => throttledOf('WriteThrottleEvents', table, index);

const throttledOf = <Index extends string>(
  name: 'ReadThrottleEvents' | 'WriteThrottleEvents',
  table: Table<Index>,
  index: NoInfer<Index> | undefined,
): IMetric =>
  table.metric(name, {
    statistic: Stats.SUM,
    dimensionsMap: {
      TableName: table.inUse.name,
      ...(index !== undefined && { GlobalSecondaryIndexName: index }),
    },
  });

/** Sends alarms to the address that a deployment gives as `AlarmEmail`. Without an address it creates no resource. */
class AlarmMail extends Construct implements IAlarmAction {
  /**
   * The condition that there is an address. Absent when the settings file has the address: then the topic always exists.
   */
  readonly hasAddress: CfnCondition | undefined;
  private readonly topic: Topic;

  constructor(scope: Construct, id: string, stage: Stage) {
    super(scope, id);
    const address = textParameter(Stack.of(this), stage, 'AlarmEmail', {
      description: 'Where alarms are mailed to; without it they are only shown in CloudWatch',
      default: '',
      allowedPattern: '^([^@\\s]+@[^@\\s]+)?$',
    });
    this.hasAddress = Token.isUnresolved(address)
      ? new CfnCondition(this, 'Wanted', {
          expression: Fn.conditionNot(Fn.conditionEquals(address, '')),
        })
      : undefined;
    this.topic = new Topic(this, 'Topic', { displayName: 'Darkroom', enforceSSL: true });
    // A topic that has a policy loses the default permissions, so alarms need their own statement.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    );
    new Subscription(this, 'Subscription', {
      topic: this.topic,
      protocol: SubscriptionProtocol.EMAIL,
      endpoint: address,
    });
    if (!this.hasAddress) return;
    for (const child of this.node.findAll()) {
      if (CfnResource.isCfnResource(child)) child.cfnOptions.condition = this.hasAddress;
    }
  }

  /** The topic, which exists only under the condition `hasAddress`. */
  get topicArn(): string {
    return this.topic.topicArn;
  }

  /** What CDK puts into each alarm. */
  bind() {
    const { topic, hasAddress } = this;
    if (!hasAddress) return { alarmActionArn: topic.topicArn };
    const action = Fn.conditionIf(hasAddress.logicalId, topic.topicArn, Aws.NO_VALUE);
    return { alarmActionArn: action.toString() };
  }
}
