import type { SFNClient } from '@aws-sdk/client-sfn';
import { workflowExecutions, workflowStarter } from '../adapters/aws/state-machine.ts';
import { metricNames } from '../domain/model/metric-names.ts';
import { ensureWorkflowRunning } from '../domain/tasks/ensure-workflow.ts';
import type { TaskStore } from '../domain/tasks/ports.ts';
import { log } from '../runtime/log.ts';
import { countTaskMetric } from '../runtime/metric.ts';

/** What the two functions that recover tasks share: it gives a task a running workflow, and reports one that keeps dying. */
export const workflowRecovery = (
  tasks: Pick<TaskStore, 'recordNextExecution'>,
  client: SFNClient,
  workflowArn: string,
) =>
  ensureWorkflowRunning({
    tasks,
    workflow: {
      ...workflowStarter(client, workflowArn),
      ...workflowExecutions(client, workflowArn),
    },
    now: Date.now,
    exhausted: (task) => {
      log('error', 'task.exhausted', { taskId: task.id });
      countTaskMetric(task, metricNames.exhaustedTask);
    },
  });
