import type { Tasks } from '../../functions/task/ports.ts';
import {
  type CallbackRecord,
  isEnded,
  type Pending,
  type Running,
  type Task,
} from '../../functions/task/task.ts';

/** The task records in memory: every deed is one step, as it is one conditional write in the table. */
export function memoryTasks(records: Map<string, Task>): Tasks {
  const running = (id: string): Running | undefined => {
    const task = records.get(id);
    return task && !isEnded(task) ? task : undefined;
  };
  const markedAt = (id: string, at: number): Pending | undefined => {
    const task = records.get(id);
    return task?.status === 'pending' && task.submittingAt === at ? task : undefined;
  };
  // One conditional write: the record after it, also when only the extra condition was in its way.
  const deed = (id: string, change: (task: Running) => Running): Running | undefined => {
    const task = running(id);
    if (task) records.set(id, change(task));
    return running(id);
  };
  const tell = (id: string, callback: CallbackRecord, dueAt: number | undefined): void => {
    const before = records.get(id);
    if (!before) return;
    const { dueAt: _, ...task } = before;
    records.set(id, { ...task, ...{ callback, ...(dueAt !== undefined && { dueAt }) } });
  };

  return {
    find: async (id) => records.get(id),
    uploadArrived: async (id, index) =>
      deed(id, (task) => ({ ...task, arrived: new Set(task.arrived).add(index) })),
    started: async (id, { startedAt, deadlineAt, dueAt }) =>
      deed(id, (task) => ({
        ...task,
        startedAt: task.startedAt ?? startedAt,
        deadlineAt: task.deadlineAt ?? deadlineAt,
        dueAt,
      })),
    submitting: async (id, provider, at, wording) => {
      const task = records.get(id);
      if (!task) throw new Error(`${id} is not there`);
      if (task.status !== 'pending' || !mayBeSubmitted(task, at)) return { marked: false, task };
      const marked = { ...task, submittingAt: at, provider, ...(wording && { wording }) };
      records.set(id, marked);
      return { marked: true, task: marked };
    },
    submittingAgain: async (id, provider, seen, submittingAt) => {
      const task = markedAt(id, seen);
      if (!task || task.outcome || task.provider !== provider) return false;
      records.set(id, { ...task, submittingAt });
      return true;
    },
    notSubmitted: async (id, at) => {
      const task = markedAt(id, at);
      if (!task) return;
      const { submittingAt: _, wording: __, refusals = 0, ...rest } = task;
      records.set(id, { ...rest, refusals: refusals + 1 });
    },
    submitted: async (id, ticket, submittedAt, expectedSeconds) =>
      deed(id, ({ wording: _, ...task }) => ({
        ...{ ...task, status: 'processing', ticket, submittedAt },
        ...(expectedSeconds !== undefined && { expectedSeconds }),
      })),
    providerCalled: async (id, provider, calledBackAt) =>
      running(id)?.provider === provider
        ? deed(id, (task) => ({ ...task, calledBackAt }))
        : undefined,
    waiting: async (id, wakeToken) => deed(id, (task) => ({ ...task, wakeToken })),
    outcome: async (id, outcome, at) =>
      deed(id, (task) =>
        task.outcome ? task : { ...task, outcome, ...(at !== undefined && { outcomeAt: at }) },
      ),
    callback: async (id, record, dueAt) => {
      if (!isHidden(record, records.get(id))) tell(id, record, dueAt);
    },
    callbackOwed: async (id, dueAt) => tell(id, { state: 'owed', attempts: 0 }, dueAt),
    cancelled: async (id, at) =>
      deed(id, (task) => ({ ...task, cancelledAt: task.cancelledAt ?? at })),
    look: async (due, dueAt) => {
      const task = records.get(due.id);
      if (!task || task.dueAt !== due.dueAt) return undefined;
      const looked = { ...task, dueAt };
      records.set(due.id, looked);
      return looked;
    },
    restarted: async (id, execution, dueAt) => {
      const task = running(id);
      if (!task || (task.execution ?? 1) !== execution - 1) return false;
      records.set(id, { ...task, execution, dueAt });
      return true;
    },
    due: async (now, limit) =>
      [...records.values()]
        .flatMap(({ id, dueAt = Number.POSITIVE_INFINITY }) => (dueAt <= now ? { id, dueAt } : []))
        .sort((a, b) => a.dueAt - b.dueAt)
        .slice(0, limit),
  };
}

const mayBeSubmitted = (task: Pending, at: number): boolean =>
  task.submittingAt === undefined &&
  task.outcome === undefined &&
  task.cancelledAt === undefined &&
  (task.deadlineAt === undefined || task.deadlineAt > at);

// Of two attempts at once, the one that failed does not hide the one that was heard.
const isHidden = ({ state }: CallbackRecord, task: Task | undefined): boolean =>
  (state === 'failing' || state === 'undelivered') &&
  task !== undefined &&
  'callback' in task &&
  task.callback?.state === 'delivered';
