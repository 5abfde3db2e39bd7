import type { Clock } from '../model/clock.ts';
import {
  type EndedTask,
  isQueued,
  linkValidForMs,
  type QueuedTask,
  type Task,
  type TaskState,
  type WithRequest,
} from '../model/task.ts';
import type { QueueEstimate } from '../providers/queue-position.ts';
import { resultLink } from './result-link.ts';
import { callbackBody, endedTaskView, taskView, type ViewContext } from './view.ts';

type Deps = {
  readonly baseUrl: string;
  /** The secret that links are signed with. */
  readonly secret: () => Promise<string>;
  readonly now: Clock;
};

type TaskDeps = Deps & {
  /** How many seconds such a task takes. */
  readonly typicalSeconds: (task: TaskState) => number;
  /** Where a task stands in the queue, if it is known. */
  readonly queued: (task: QueuedTask) => Promise<QueueEstimate | undefined>;
};

/** A task as its caller reads it, with fresh links to its results, and with `more` that was read or made for it. */
export const taskResponseFor =
  (deps: TaskDeps) =>
  async (
    task: Task,
    more: Pick<ViewContext, 'uploads' | 'attempts' | 'inputLinks' | 'thumbnails'> = {},
  ) =>
    taskView(task, {
      ...more,
      now: deps.now(),
      typicalSeconds: deps.typicalSeconds(task),
      queued: isQueued(task) ? await deps.queued(task) : undefined,
      resultLink: await resultLinksFor(deps, task),
    });

/** An ended task as its caller reads it. */
export const endedTaskResponseFor = (deps: Deps) => async (task: WithRequest<EndedTask>) =>
  endedTaskView(task, { resultLink: await resultLinksFor(deps, task) });

/** An ended task as a callback sends it. */
export const callbackBodyFor = (deps: Deps) => async (task: WithRequest<EndedTask>) =>
  callbackBody(task, { resultLink: await resultLinksFor(deps, task) });

async function resultLinksFor({ baseUrl, secret, now }: Deps, task: TaskState) {
  const signingKey = task.status === 'completed' ? await secret() : '';
  const expires = Math.floor((now() + linkValidForMs) / 1000);
  return (n: number): string => resultLink(baseUrl, signingKey, { taskId: task.id, n, expires });
}
