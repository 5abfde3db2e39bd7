import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import {
  Errors,
  IntegrationPattern,
  JitterType,
  JsonPath,
  type RetryProps,
  TaskInput,
  type TaskStateBase,
  Timeout,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { TaskRefused, woken } from '../functions/task/failures.ts';

/** A state that runs its function and goes on with what it answers. */
export const work = (scope: Construct, id: string, lambdaFunction: IFunction, seconds: number) =>
  new LambdaInvoke(scope, id, {
    lambdaFunction,
    payloadResponseOnly: true,
    retryOnServiceExceptions: false, // `again` below says it for all of them
    taskTimeout: Timeout.duration(Duration.seconds(seconds)),
  });

/**
 * A state that runs its function, which keeps the token, and waits: until somebody uses the token,
 * or for as many seconds as the state at `secondsPath` says. What it was told it hands on unchanged.
 */
export const wait = (
  scope: Construct,
  id: string,
  lambdaFunction: IFunction,
  secondsPath: string,
) =>
  new LambdaInvoke(scope, id, {
    lambdaFunction,
    integrationPattern: IntegrationPattern.WAIT_FOR_TASK_TOKEN,
    payload: TaskInput.fromObject({
      taskId: JsonPath.stringAt('$.taskId'),
      token: JsonPath.taskToken,
    }),
    resultPath: JsonPath.DISCARD,
    retryOnServiceExceptions: false,
    taskTimeout: Timeout.at(secondsPath),
  });

/** What ends a wait without being an error. */
export const waitOver = [Errors.TIMEOUT, woken];

/** What is an answer and not an accident, so that trying again would change nothing. */
export const answered = [TaskRefused.code];

/**
 * Tries a state again: `never` for these errors, `special` as it says, and for everything else
 * three times, since every state can be entered again.
 */
export function again(
  state: TaskStateBase,
  never: readonly string[],
  ...special: readonly RetryProps[]
): void {
  state.addRetry({ errors: [...never], maxAttempts: 0 });
  for (const retry of special) state.addRetry(retry);
  state.addRetry({
    errors: [Errors.ALL],
    interval: Duration.seconds(2),
    backoffRate: 2,
    maxAttempts: 3,
    jitterStrategy: JitterType.FULL,
  });
}
