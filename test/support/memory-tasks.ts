import {
  type ActiveTask,
  type CallbackRecord,
  canCancel,
  type EndedTask,
  isDeleted,
  isEnded,
  maxStoredAttempts,
  type Pending,
  type Processing,
  requestOf,
  type Task,
  type TaskRecord,
  type TaskState,
  taskDeadlineMs,
  type WithRequest,
} from '../../functions/domain/model/task.ts';
import type { TaskStore } from '../../functions/domain/tasks/ports.ts';
import type { Records, StoredTask } from './money.ts';
import { omit } from './omit.ts';

/** The task records in memory: every method is one step, as it is one conditional write in the table. */
export function memoryTasks({
  tasks: records,
  attempts,
}: Pick<Records, 'tasks' | 'attempts'>): TaskStore {
  const find = (id: string): Task | undefined => {
    const record = records.get(id);
    return record && !isDeleted(record) ? record : undefined;
  };
  const activeTask = (id: string): WithRequest<ActiveTask> | undefined => {
    const task = find(id);
    return task && !isEnded(task) ? task : undefined;
  };
  const lockedTask = (id: string, at: number): WithRequest<Pending> | undefined => {
    const task = records.get(id);
    return task?.status === 'pending' && task.submitLockedAt === at ? task : undefined;
  };
  // One conditional write; returns the record after it, also when only an extra condition failed.
  const update = (
    id: string,
    change: (task: WithRequest<ActiveTask>) => WithRequest<ActiveTask>,
  ): ActiveTask | undefined => {
    const task = activeTask(id);
    if (task) records.set(id, change(task));
    return stateOf(activeTask(id));
  };
  const writeCallback = (
    id: string,
    change: Pick<EndedTask, 'callback' | 'callbackAttempts'>,
    nextCheckAt: number | undefined,
  ): void => {
    const before = find(id);
    if (!before) return;
    // Only an ended task has a callback record; the type of the record found here does not say so.
    const record = {
      ...omit(before, 'nextCheckAt'),
      ...change,
      ...(nextCheckAt !== undefined && { nextCheckAt }),
    };
    records.set(id, record);
  };

  return {
    find: async (id) => find(id),
    findStory: async (id) => {
      const task = find(id);
      return task && { task, attempts: attempts.get(id) ?? [] };
    },
    findRecord: async (id) => recordOf(records.get(id)),
    findRequest: async (id) => {
      const task = find(id);
      return task && requestOf(task);
    },
    recordUpload: async (id, index) =>
      update(id, (task) => ({ ...task, arrived: new Set(task.arrived).add(index) })),
    recordStarted: async (id, { startedAt, nextCheckAt }) =>
      update(id, (task) => ({
        ...task,
        startedAt: task.startedAt ?? startedAt,
        nextCheckAt,
      })),
    recordQueued: async (id, queue, nextCheckAt, prepared) =>
      update(id, (task) =>
        task.status === 'pending' && task.submitLockedAt === undefined
          ? {
              ...task,
              queue,
              nextCheckAt,
              ...(prepared && { prepared: task.prepared ?? prepared }),
            }
          : task,
      ),
    acquireSubmitLock: async (id, provider, at, submittedRequest, { slot, prepared } = {}) => {
      const task = find(id);
      if (!task) throw new Error(`${id} does not exist`);
      if (task.status !== 'pending' || !mayBeSubmitted(task)) {
        return { acquired: false, task: stateOf(task) };
      }
      const locked = {
        ...task,
        submitLockedAt: at,
        deadlineAt: at + taskDeadlineMs,
        provider,
        ...(slot !== undefined && { slot }),
        ...(prepared && { prepared: task.prepared ?? prepared }),
        ...(submittedRequest && { submittedRequest }),
      };
      records.set(id, locked);
      return { acquired: true, task: stateOf(locked) };
    },
    renewSubmitLock: async (id, provider, lockedAt, submitLockedAt) => {
      const task = lockedTask(id, lockedAt);
      if (!task || task.outcome || task.provider !== provider) return false;
      records.set(id, { ...task, submitLockedAt });
      return true;
    },
    releaseSubmitLock: async (id, at, reason) => {
      const task = lockedTask(id, at);
      if (!task) return;
      const rest = omit(task, 'submitLockedAt', 'submittedRequest', 'deadlineAt', 'slot');
      const { busyCount = 0 } = task;
      records.set(id, reason === 'busy' ? { ...rest, busyCount: busyCount + 1 } : rest);
    },
    recordSubmitted: async (id, ticket, submittedAt, { typicalSeconds, cancellable } = {}) =>
      update(id, (task) => {
        const ticketed = {
          ...omit(task, 'submittedRequest'),
          status: 'processing',
          ticket,
          submittedAt,
          deadlineAt: submittedAt + taskDeadlineMs,
          ...(typicalSeconds !== undefined && { typicalSeconds }),
          ...(cancellable && { cancellable }),
        };
        // The lock wrote the provider. As in the table, no condition checks it.
        return ticketed as WithRequest<Processing>;
      }),
    recordNotCancellable: async (id) => {
      update(id, (task) => (task.status === 'processing' ? omit(task, 'cancellable') : task));
    },
    recordProviderWebhook: async (id, provider, providerWebhookAt) =>
      activeTask(id)?.provider === provider
        ? update(id, (task) => ({ ...task, providerWebhookAt }))
        : undefined,
    saveTaskToken: async (id, wakeToken, polledAt) =>
      update(id, (task) => ({
        ...task,
        wakeToken,
        ...(polledAt !== undefined && { polledAt }),
      })),
    recordOutcome: async (id, outcome, at) =>
      update(id, (task) =>
        task.outcome ? task : { ...task, outcome, ...(at !== undefined && { outcomeAt: at }) },
      ),
    recordCallbackAttempt: async ({ id }, attempt, callback, nextCheckAt) => {
      const task = find(id);
      if (!task || !isEnded(task) || isAlreadyDelivered(callback, task)) return;
      const callbackAttempts = (task.callbackAttempts ?? 0) + 1;
      writeCallback(id, { callback, callbackAttempts }, nextCheckAt);
      attempts.set(id, [...(attempts.get(id) ?? []), attempt].slice(-maxStoredAttempts));
    },
    findAttempts: async (id) => attempts.get(id) ?? [],
    scheduleCallback: async (id, nextCheckAt) => {
      const task = find(id);
      if (!task || (isEnded(task) && task.callback?.state === 'pending')) return false;
      writeCallback(id, { callback: { state: 'pending', attempts: 0 } }, nextCheckAt);
      return true;
    },
    requestCancel: async (id, cancelledAt, nextCheckAt) =>
      update(id, (task) => (canCancel(task) ? { ...task, cancelledAt, nextCheckAt } : task)),
    leaseCheck: async (due, nextCheckAt) => {
      const task = records.get(due.id);
      if (!task || task.nextCheckAt !== due.nextCheckAt) return undefined;
      const leased = { ...task, nextCheckAt };
      records.set(due.id, leased);
      return recordOf(leased);
    },
    recordNextExecution: async (id, execution, nextCheckAt) => {
      const task = activeTask(id);
      if (!task || (task.execution ?? 1) !== execution - 1) return false;
      records.set(id, { ...task, execution, nextCheckAt });
      return true;
    },
    recordDeletion: async (deleted) => {
      const record = records.get(deleted.id);
      if (!record) return undefined;
      if (isDeleted(record)) return record.owner === deleted.owner ? record : undefined;
      if (!isEnded(record) || record.account !== deleted.owner) return undefined;
      records.set(deleted.id, deleted);
      attempts.delete(deleted.id);
      return deleted;
    },
    recordPicturesDeleted: async (id, at, nextCheckAt) => {
      const record = records.get(id);
      if (!record || !isDeleted(record)) return;
      records.set(id, {
        ...omit(record, 'nextCheckAt'),
        picturesDeletedAt: record.picturesDeletedAt ?? at,
        ...(nextCheckAt !== undefined && { nextCheckAt }),
      });
    },
    findDueChecks: async (now, limit) =>
      [...records.values()]
        .flatMap(({ id, nextCheckAt = Number.POSITIVE_INFINITY }) =>
          nextCheckAt <= now ? { id, nextCheckAt } : [],
        )
        .sort((a, b) => a.nextCheckAt - b.nextCheckAt)
        .slice(0, limit),
  };
}

/** The state of a task without its request, as it is stored. */
export function stateOf<T extends TaskState>(task: T): T;
export function stateOf<T extends TaskState>(task: T | undefined): T | undefined;
export function stateOf(task: TaskState | undefined): TaskState | undefined {
  if (!task) return undefined;
  const { prompt, options, inputs, metadata, ...state } = task as Task;
  return state as TaskState;
}

const recordOf = (record: StoredTask | undefined): TaskRecord | undefined =>
  record && (isDeleted(record) ? record : stateOf(record));

const mayBeSubmitted = (task: Pending): boolean =>
  task.submitLockedAt === undefined && task.outcome === undefined && task.cancelledAt === undefined;

// Two attempts at once: the one that failed does not overwrite the one that was delivered.
const isAlreadyDelivered = ({ state }: CallbackRecord, task: Task | undefined): boolean =>
  (state === 'retrying' || state === 'undelivered') &&
  task !== undefined &&
  'callback' in task &&
  task.callback?.state === 'delivered';
