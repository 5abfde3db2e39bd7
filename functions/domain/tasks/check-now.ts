import { type Act, type AuditLog, auditEntry } from '../model/audit.ts';
import { type ActiveTask, isEnded } from '../model/task.ts';
import { taskEnded } from './cancel-task.ts';
import type { Recovery } from './ensure-workflow.ts';
import { getAnyTask } from './get-task.ts';
import type { TaskStore, Workflow } from './ports.ts';
import { awaitsUploads } from './reconcile.ts';

type Deps = {
  readonly tasks: Pick<TaskStore, 'findRecord'>;
  readonly workflow: Pick<Workflow, 'wake'>;
  readonly ensureWorkflowRunning: (task: ActiveTask) => Promise<Recovery>;
  readonly audit: Pick<AuditLog, 'put'>;
};

/**
 * Checks a task now, and does for it what the reconciler would: starts a workflow that is missing or dead, and wakes one
 * that waits. This is no write to a table, so the audit entry is written before it, and again with the result.
 * @throws {Problem} `invalid_task_id`, `task_not_found`, `task_ended`
 */
export const checkNow =
  ({ tasks, workflow, ensureWorkflowRunning, audit }: Deps) =>
  async (id: string, act: Act) => {
    const task = await getAnyTask(tasks)(id);
    if (isEnded(task)) throw taskEnded(id);
    const about = { object: 'task_check' as const, task_id: id };
    // A workflow would find the pictures missing, and fail the task.
    if (awaitsUploads(task)) return { ...about, result: 'awaits_uploads' as const };
    const target = { account: task.account, taskId: id };
    const entry = auditEntry(act, target, { after: { result: null } });
    await audit.put(entry);
    const recovery = await ensureWorkflowRunning(task);
    const isWoken = recovery === 'alive' && task.wakeToken !== undefined;
    if (isWoken) await workflow.wake(task.wakeToken);
    const result = isWoken ? ('woken' as const) : toResult(recovery);
    await audit.put({ ...entry, after: { result } });
    return { ...about, result };
  };

const toResult = (recovery: Recovery) => (recovery === 'alive' ? ('running' as const) : recovery);
