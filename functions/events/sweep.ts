import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import { notifier } from '../aws/notifier.ts';
import { executions, starting, waitingStates } from '../aws/state-machine.ts';
import { taskTable } from '../aws/task-table.ts';
import { readEnv } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { count } from '../runtime/metric.ts';
import { bringOn } from '../task/bring-on.ts';
import { sweep } from '../task/sweep.ts';

const env = readEnv('events/sweep');
const tasks = taskTable(new DynamoDBClient(), env.TASK_TABLE);
const states = new SFNClient();
const workflow = {
  ...{ ...starting(states, env.WORKFLOW_ARN), ...executions(states, env.WORKFLOW_ARN) },
  ...waitingStates(states),
};
const run = sweep({
  tasks,
  workflow,
  bringOn: bringOn({
    ...{ tasks, workflow, now: Date.now },
    exhausted: (taskId) => {
      log('error', 'task.exhausted', { taskId });
      count('ExhaustedTask');
    },
  }),
  tell: notifier(new LambdaClient(), env.NOTIFY_FUNCTION),
  now: Date.now,
  rescued: (reason, taskId) => {
    log('warn', 'task.rescued', { taskId, code: reason });
    count(rescues[reason]);
  },
  failed: (taskId, cause) => {
    log('error', 'sweep.failed', { taskId, cause });
    count('SweepFailure');
  },
});

const rescues = {
  unstarted: 'UnstartedTask',
  'uploads-over': 'UploadsOver',
  'past-deadline': 'TaskPastDeadline',
  unwatched: 'DeadExecution',
  untold: 'UntoldCaller',
} as const;

export const handler = async (): Promise<void> => run();
