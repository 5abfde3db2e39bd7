import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  DefinitionBody,
  Errors,
  IntegrationPattern,
  JitterType,
  JsonPath,
  LogLevel,
  Pass,
  type RetryProps,
  StateMachine,
  Succeed,
  TaskInput,
  type TaskStateBase,
  type TaskStateBaseProps,
  Timeout,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { hourMs } from '../functions/domain/model/duration.ts';
import { maxQueueMs, quickAttempts } from '../functions/domain/model/task.ts';
import {
  CallbackFailed,
  InputUnavailable,
  NoFreeSlot,
  OutcomeMissing,
  ProviderBusy,
  ResultUnavailable,
  rescheduled,
  TaskFailed,
  woken,
} from '../functions/domain/model/workflow-errors.ts';
import type { Binding, Grant, NonEmpty } from './bindings.ts';
import { vendedLogsName } from './log-groups.ts';
import { endWait } from './task-tokens.ts';
import {
  stateSeconds,
  type WorkflowFunctionProps,
  type WorkflowFunctions,
  workflowFunctions,
} from './workflow-functions.ts';

type MachineAction = `states:${'DescribeExecution' | 'SendTaskFailure' | 'StartExecution'}`;

/**
 * Longer than the wait for a slot, plus the day for which a provider stores a job. A provider that does not respond is
 * polled until then.
 */
const executionHours = maxQueueMs / hourMs + 24 + 2;

/**
 * How long a task waits for a slot before it checks for itself: it may have waited too long, or a wake-up may have been
 * lost.
 */
const slotWait = Duration.hours(6);

/** The state machine and the functions of its states. An execution carries the task's id; the table has the task. */
export class Workflow extends Construct {
  readonly functions: WorkflowFunctions;
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, props: WorkflowFunctionProps) {
    super(scope, id);
    this.functions = workflowFunctions(this, props);
    const states = new Construct(this, 'States'); // the functions have the same names
    this.machine = new StateMachine(this, 'Machine', {
      definitionBody: DefinitionBody.fromChainable(definition(states, this.functions)),
      timeout: Duration.hours(executionHours),
      logs: machineLogs(this, props.stage.logDays),
    });
  }

  /** The machine's ARN, with these actions on the machine and its executions. */
  allow(...actions: NonEmpty<MachineAction>): Binding<'state machine'> {
    const [first, ...others] = actions;
    return {
      kind: 'state machine',
      value: this.machine.stateMachineArn,
      grants: [this.grantOf(first), ...others.map((action) => this.grantOf(action))],
    };
  }

  private grantOf(action: MachineAction): Grant {
    if (action === 'states:SendTaskFailure') return endWait(action);
    if (action === 'states:StartExecution') {
      return { actions: [action], resources: [this.machine.stateMachineArn] };
    }
    const executions = Stack.of(this).formatArn({
      service: 'states',
      resource: 'execution',
      resourceName: `${this.machine.stateMachineName}:*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    return { actions: [action], resources: [executions] };
  }
}

const machineLogs = (scope: Construct, logDays: RetentionDays) => ({
  destination: new LogGroup(scope, 'Logs', {
    logGroupName: vendedLogsName('states'),
    retention: logDays,
    removalPolicy: RemovalPolicy.DESTROY,
  }),
  // An ordinary poll ends with a timeout, which is an event of the level ERROR. Functions log their own errors.
  level: LogLevel.FATAL,
  includeExecutionData: false, // task tokens are part of it
});

/** Prepare, submit as soon as a slot is free, wait and poll, settle, notify. */
function definition(scope: Construct, functions: WorkflowFunctions) {
  const prepare = lambdaState(
    scope,
    'PrepareInputs',
    functions['workflow/prepare-inputs'],
    stateSeconds.prepareInputs,
  );
  const submit = lambdaState(
    scope,
    'SubmitTask',
    functions['workflow/submit-task'],
    stateSeconds.submitTask,
  );
  const awaitSlot = callbackState(scope, 'AwaitSlot', functions['workflow/await-slot'], {
    taskTimeout: Timeout.duration(slotWait),
  });
  const awaitProvider = callbackState(
    scope,
    'AwaitProvider',
    functions['workflow/await-provider'],
    { taskTimeout: Timeout.at('$.waitSeconds') },
  );
  // The function of the last poll goes on to settle and notify. Meanwhile its heartbeats keep the state from being
  // entered again.
  const poll = callbackState(
    scope,
    'PollTask',
    functions['workflow/poll-task'],
    { heartbeatTimeout: Timeout.at('$.pollSeconds') },
    { pollSeconds: JsonPath.numberAt('$.pollSeconds') },
  );
  // The provider did not respond to the poll, or responds again: either way the pause between polls changes. The function
  // reports the new schedule as the cause of its failure, which is the input of the states from here on.
  const reschedule = new Pass(scope, 'Reschedule', {
    parameters: { next: JsonPath.stringToJson(JsonPath.stringAt('$.rescheduled.Cause')) },
    outputPath: '$.next',
  });
  const settle = lambdaState(
    scope,
    'SettleTask',
    functions['workflow/settle-task'],
    stateSeconds.settleTask,
  );
  const notify = lambdaState(
    scope,
    'NotifyCaller',
    functions['workflow/notify-caller'],
    stateSeconds.notifyCaller,
  );

  withRetries(prepare, taskFailed, {
    errors: [InputUnavailable.code],
    ...exponential(2, 2),
  });
  withRetries(submit, [...taskFailed, NoFreeSlot.code], {
    errors: [ProviderBusy.code],
    ...exponential(2, 5),
    jitterStrategy: JitterType.FULL,
  });
  withRetries(settle, [TaskFailed.code, OutcomeMissing.code], {
    errors: [ResultUnavailable.code],
    ...resultRetries,
  });
  withRetries(notify, taskFailed, {
    errors: [CallbackFailed.code],
    ...callbackRetries,
  });

  // Our own errors must not settle a task whose job is at a provider, so nothing else is caught here. When the retries
  // are over, the execution fails, and the next one goes on under the definition that is deployed by then.
  withLongRetry(awaitSlot, waitOver);
  withLongRetry(awaitProvider, waitOver);
  // An image that cannot be fetched, and a callback that is not taken, are errors of a task whose outcome is known.
  withLongRetry(
    poll,
    [...waitOver, rescheduled],
    { errors: [ResultUnavailable.code], ...resultRetries },
    { errors: [CallbackFailed.code], ...callbackRetries },
  );
  poll.addCatch(reschedule, { errors: [rescheduled], resultPath: '$.rescheduled' });
  for (const waiting of [awaitProvider, poll]) {
    waiting.addCatch(poll, { errors: waitOver, resultPath: JsonPath.DISCARD });
  }
  // A task that is woken without a slot, or after its wait, waits again or ends: the submit decides.
  awaitSlot.addCatch(submit, { errors: waitOver, resultPath: JsonPath.DISCARD });
  submit.addCatch(awaitSlot, { errors: [NoFreeSlot.code], resultPath: JsonPath.DISCARD });
  for (const state of [prepare, submit]) {
    state.addCatch(settle, { errors: [Errors.ALL], resultPath: '$.error' });
  }
  // With this error in its input, SettleTask counts an image that it cannot fetch as not generated.
  for (const settling of [settle, poll]) {
    settling.addCatch(settle, { errors: [ResultUnavailable.code], resultPath: '$.error' });
  }
  const undelivered = new Succeed(scope, 'Undelivered');
  notify.addCatch(undelivered, { errors: [Errors.ALL] });
  poll.addCatch(undelivered, { errors: [CallbackFailed.code] });

  awaitSlot.next(submit);
  awaitProvider.next(poll);
  reschedule.next(awaitProvider);
  settle.next(notify);
  return prepare.next(submit).next(awaitProvider);
}

/** A state that runs its function and passes the function's result to the next state. */
const lambdaState = (
  scope: Construct,
  id: string,
  lambdaFunction: IFunction,
  timeoutSeconds: number,
) =>
  new LambdaInvoke(scope, id, {
    lambdaFunction,
    payloadResponseOnly: true,
    retryOnServiceExceptions: false, // `withRetries` covers those errors, too
    taskTimeout: Timeout.duration(Duration.seconds(timeoutSeconds)),
  });

/**
 * A state that runs its function, which saves the task token, and then waits: until the token is used, or for as long
 * as `limit` says. It passes its input on unchanged.
 */
const callbackState = (
  scope: Construct,
  id: string,
  lambdaFunction: IFunction,
  limit: Pick<TaskStateBaseProps, 'heartbeatTimeout' | 'taskTimeout'>,
  payload: Readonly<Record<string, unknown>> = {},
) =>
  new LambdaInvoke(scope, id, {
    lambdaFunction,
    integrationPattern: IntegrationPattern.WAIT_FOR_TASK_TOKEN,
    payload: TaskInput.fromObject({
      taskId: JsonPath.stringAt('$.taskId'),
      token: JsonPath.taskToken,
      ...payload,
    }),
    resultPath: JsonPath.DISCARD,
    retryOnServiceExceptions: false,
    ...limit,
  });

/** The errors that end a wait and are no failure. */
const waitOver = [Errors.TIMEOUT, Errors.HEARTBEAT_TIMEOUT, woken];

/** The task has its outcome. Another attempt would not change it. */
const taskFailed = [TaskFailed.code];

const exponential = (intervalSeconds: number, maxAttempts: number) => ({
  interval: Duration.seconds(intervalSeconds),
  backoffRate: 2,
  maxAttempts,
});

const resultRetries = exponential(2, 5);
/** The contract's 1, 2 and 4 s. */
const callbackRetries = exponential(1, quickAttempts - 1);

/** Lambda could not run the function, which says nothing about the function. */
const lambdaUnavailable = [
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
];

/** The account has no concurrency left. Other functions will end soon, so a task is not given up for that. */
const throttled = ['Lambda.TooManyRequestsException'];

/** The function is gone: a later definition has another one. */
const functionMissing = ['Lambda.ResourceNotFoundException'];

/**
 * Retries a state: never after the errors in `never`, as `special` says after the errors named there, for half an hour
 * at most while no function is free, for two minutes when Lambda is unavailable (6 retries from 2 s, as AWS
 * recommends), and three times after any other error.
 * Every state may be repeated.
 */
function withRetries(
  state: TaskStateBase,
  never: readonly string[],
  ...special: readonly RetryProps[]
): void {
  state.addRetry({ errors: [...never], maxAttempts: 0 });
  for (const retry of special) state.addRetry(retry);
  state.addRetry({
    errors: throttled,
    ...exponential(2, 36),
    maxDelay: Duration.minutes(1),
    jitterStrategy: JitterType.FULL, // not all of them at the same moment
  });
  state.addRetry({ errors: lambdaUnavailable, ...exponential(2, 6) });
  state.addRetry({
    errors: [Errors.ALL],
    ...exponential(2, 3),
    jitterStrategy: JitterType.FULL,
  });
}

/**
 * Retries a state that asks about a job which a provider already has: for eight minutes at most, four on average.
 * A function that is missing is not waited for: the next execution has the current definition.
 */
function withLongRetry(
  state: TaskStateBase,
  never: readonly string[],
  ...special: readonly RetryProps[]
): void {
  state.addRetry({ errors: [...never], maxAttempts: 0 });
  for (const retry of special) state.addRetry(retry);
  state.addRetry({ errors: functionMissing, ...exponential(2, 3) });
  state.addRetry({
    errors: [Errors.ALL],
    ...exponential(2, 12),
    maxDelay: Duration.minutes(1),
    jitterStrategy: JitterType.FULL,
  });
}
