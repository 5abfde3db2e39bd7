import type { Clock } from '../model/clock.ts';
import { isTaskId } from '../model/ids.ts';
import { Problem } from '../model/problem.ts';
import { isDeleted, type Task, type TaskState, type TaskStory } from '../model/task.ts';
import type { TaskStore } from './ports.ts';
import { hasExpired } from './retention.ts';

type Deps = { readonly tasks: Pick<TaskStore, 'find'>; readonly now: Clock };

/**
 * Finds a task of this account.
 * @throws {Problem} `invalid_task_id`, or `task_not_found`, also for a task of another account and for one that has expired
 */
export const getTask =
  ({ tasks, now }: Deps) =>
  async (id: string, account: string): Promise<Task> => {
    if (!isTaskId(id)) throw invalidTaskId();
    const task = await tasks.find(id);
    if (!isShown(task, account, now())) throw taskNotFound(id);
    return task;
  };

type StoryDeps = { readonly tasks: Pick<TaskStore, 'findStory'>; readonly now: Clock };

/** The same with the attempts to deliver its callback. @throws what `getTask` throws */
export const getTaskStory =
  ({ tasks, now }: StoryDeps) =>
  async (id: string, account: string): Promise<TaskStory> => {
    if (!isTaskId(id)) throw invalidTaskId();
    const story = await tasks.findStory(id);
    if (!story || !isShown(story.task, account, now())) throw taskNotFound(id);
    return story;
  };

/** The state of a task of any account, for the operator. @throws {Problem} `invalid_task_id`, `task_not_found` */
export const getAnyTask =
  (tasks: Pick<TaskStore, 'findRecord'>) =>
  async (id: string): Promise<TaskState> => {
    if (!isTaskId(id)) throw invalidTaskId();
    const record = await tasks.findRecord(id);
    if (!record || isDeleted(record)) throw taskNotFound(id);
    return record;
  };

const isShown = (task: Task | undefined, account: string, now: number): task is Task =>
  task?.account === account && !hasExpired(task, now);

const param = 'task_id';

export const invalidTaskId = (): Problem =>
  new Problem(
    'invalid_task_id',
    "A task id starts with 'task-unified-' and is the one that the create call returned.",
    { param },
  );

export const taskNotFound = (id: string): Problem =>
  new Problem('task_not_found', `There is no task ${id}.`, { param });

/** The response to a request that needs an ended task. `hint` says what to do. */
export const taskRunning = (id: string, hint = ''): Problem =>
  new Problem('task_running', `The task ${id} is not over yet${hint}.`, { param });
