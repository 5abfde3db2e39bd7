import { SFNClient } from '@aws-sdk/client-sfn';
import { clientConfig } from '../../adapters/aws/client-config.ts';
import { auditTable } from '../../adapters/aws/dynamodb/audit-table.ts';
import { taskTable } from '../../adapters/aws/dynamodb/task-table.ts';
import {
  taskTokens,
  workflowExecutions,
  workflowStarter,
} from '../../adapters/aws/state-machine.ts';
import { checkNow } from '../../domain/tasks/check-now.ts';
import { ensureWorkflowRunning } from '../../domain/tasks/ensure-workflow.ts';
import { readEnv } from '../../runtime/env.ts';
import { serve } from '../../runtime/http.ts';
import { log } from '../../runtime/log.ts';
import { actOf } from '../act-of.ts';
import { callers, dynamo } from '../callers.ts';
import { route } from './route.ts';

const env = readEnv('api/cancel-task');
const states = new SFNClient(clientConfig);
const tasks = taskTable(dynamo, env.TASK_TABLE);
const check = checkNow({
  tasks,
  audit: auditTable(dynamo, env.AUDIT_TABLE),
  workflow: taskTokens(states),
  ensureWorkflowRunning: ensureWorkflowRunning({
    tasks,
    workflow: {
      ...workflowStarter(states, env.WORKFLOW_ARN),
      ...workflowExecutions(states, env.WORKFLOW_ARN),
    },
    now: Date.now,
    exhausted: ({ id }) => log('error', 'task.exhausted', { taskId: id }),
  }),
});

export const handler = serve(
  route,
  async (request) => ({
    body: await check(request.params.task_id, actOf('checkTask', request)),
  }),
  callers,
);
