import type { Clock, Tasks, Workflow } from './ports.ts';
import { isEnded, type Task } from './task.ts';

/** What somebody has to do about a task now, if anything. */
export type Due = 'start';

/** Looks at a task whose time has come: one that was written and never taken up has to be started. */
export function whatIsDue(task: Task, now: number): Due | undefined {
  if (isEnded(task) || task.dueAt === undefined || task.dueAt > now) return undefined;
  return task.startedAt === undefined ? 'start' : undefined;
}

type Needs = {
  readonly tasks: Tasks;
  readonly workflow: Pick<Workflow, 'start'>;
  readonly now: Clock;
  readonly failed: (taskId: string, cause: unknown) => void;
};

const mostAtOnce = 100;

/**
 * Does what is due, each task on its own, so that one that fails does not stop the rest.
 * Uploads that never came are started too: the workflow refuses the task and returns its credits.
 */
export const sweep =
  ({ tasks, workflow, now, failed }: Needs) =>
  async (): Promise<number> => {
    const ids = await tasks.due(now(), mostAtOnce);
    const started = await Promise.all(
      ids
        .map(async (id) => {
          const task = await tasks.find(id);
          if (!task || whatIsDue(task, now()) !== 'start') return false;
          await workflow.start(id);
          return true;
        })
        .map((deed, index) =>
          deed.catch((cause: unknown) => {
            failed(ids[index] ?? '', cause);
            return false;
          }),
        ),
    );
    return started.filter(Boolean).length;
  };
