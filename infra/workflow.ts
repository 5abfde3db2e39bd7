import { type IRole, Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  DefinitionBody,
  Errors,
  JitterType,
  JsonPath,
  LogLevel,
  StateMachine,
  Succeed,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import {
  CallbackRefused,
  InputUnavailable,
  ProviderBusy,
  ResultUnavailable,
} from '../functions/task/failures.ts';
import { again, answered, wait, waitOver, work } from './states.ts';
import type { WorkflowFunctions } from './workflow-functions.ts';

type Props = { readonly functions: WorkflowFunctions; readonly logDays: RetentionDays };

/** Above the task's own deadline of 15 minutes, with room to settle and to tell the caller. */
const executionMinutes = 30;

/** The wait/poll loop. It carries the task's id; the table carries the task. */
export class Workflow extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, { functions, logDays }: Props) {
    super(scope, id);
    this.machine = new StateMachine(this, 'Machine', {
      definitionBody: DefinitionBody.fromChainable(states(this, functions)),
      timeout: Duration.minutes(executionMinutes),
      logs: {
        destination: new LogGroup(this, 'Logs', {
          retention: logDays,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ERROR,
        includeExecutionData: false, // task tokens are in it
      },
    });
    const may = (action: string, lambda: IFunction) =>
      // Apart from the functions' own policies: those are part of what the machine depends on.
      new Policy(this, `${lambda.node.id}EndsWait`, {
        roles: [roleOf(lambda)],
        statements: [
          new PolicyStatement({ actions: [action], resources: [this.machine.stateMachineArn] }),
        ],
      });
    may('states:SendTaskFailure', functions.awaitProvider); // "woken" is thrown, and caught
    may('states:SendTaskSuccess', functions.pollTask);
  }
}

function states(scope: Construct, functions: WorkflowFunctions) {
  const prepare = work(scope, 'PrepareInputs', functions.prepareInputs, 70);
  const submit = work(scope, 'SubmitTask', functions.submitTask, 40);
  const awaitProvider = wait(scope, 'AwaitProvider', functions.awaitProvider, '$.waitSeconds');
  const poll = wait(scope, 'PollTask', functions.pollTask, '$.pollSeconds');
  const settle = work(scope, 'SettleTask', functions.settleTask, 130);
  const notify = work(scope, 'NotifyCaller', functions.notifyCaller, 20);

  const seconds = (interval: number, maxAttempts: number) => ({
    ...{ interval: Duration.seconds(interval), backoffRate: 2, maxAttempts },
  });
  again(prepare, answered, { errors: [InputUnavailable.code], ...seconds(2, 2) });
  again(submit, answered, {
    errors: [ProviderBusy.code],
    ...seconds(2, 5),
    jitterStrategy: JitterType.FULL,
  });
  again(awaitProvider, waitOver);
  again(poll, waitOver);
  again(settle, answered, { errors: [ResultUnavailable.code], ...seconds(2, 5) });
  again(notify, answered, { errors: [CallbackRefused.code], ...seconds(1, 3) }); // the contract's 1, 2 and 4 s

  for (const waiting of [awaitProvider, poll]) {
    waiting.addCatch(poll, { errors: waitOver, resultPath: JsonPath.DISCARD });
  }
  for (const state of [prepare, submit, awaitProvider, poll]) {
    state.addCatch(settle, { errors: [Errors.ALL], resultPath: '$.error' });
  }
  // Settled once more, and leniently: an image that cannot be fetched is an image not made.
  settle.addCatch(settle, { errors: [ResultUnavailable.code], resultPath: '$.error' });
  notify.addCatch(new Succeed(scope, 'Undelivered'), { errors: [Errors.ALL] });

  awaitProvider.next(poll);
  poll.next(settle);
  settle.next(notify);
  return prepare.next(submit).next(awaitProvider);
}

function roleOf({ role, node }: IFunction): IRole {
  if (!role) throw new Error(`${node.path} has no role`);
  return role;
}
