import { type Funds, noFunds } from '../../functions/task/account.ts';
import { ProviderBusy } from '../../functions/task/failures.ts';
import type {
  Inputs,
  Job,
  Progress,
  Provider,
  Results,
  Tasks,
  Workflow,
} from '../../functions/task/ports.ts';
import { isEnded, type Running, type Task } from '../../functions/task/task.ts';
import { memoryHistory } from './history.ts';
import {
  fundsOf,
  grant,
  memoryAccounts,
  memoryApiKeys,
  memoryKeys,
  memoryLedger,
  type Records,
} from './money.ts';

/** The tables in memory: tasks, money and keys that know of each other, as behind the real adapters. */
export function memoryStore() {
  const records: Records = {
    tasks: new Map(),
    accounts: new Map(),
    entries: [],
    keys: new Map(),
    remembered: new Map(),
  };
  return {
    tasks: memoryTasks(records.tasks),
    ledger: memoryLedger(records),
    history: memoryHistory(() => [...records.tasks.values()]),
    accounts: memoryAccounts(records),
    apiKeys: memoryApiKeys(records),
    keys: memoryKeys(records),
    /** What the account has by now. */
    funds: (account: string): Funds => fundsOf(records.accounts.get(account) ?? noFunds),
    /** Gives an account milli-credits, and makes it and the key of the samples when there are none. */
    grant: (account: string, amount: number): void => grant(records, account, amount),
    /** Writes a task past the ledger, to start a test in the middle of its life. */
    put: (task: Task): void => {
      records.tasks.set(task.id, task);
    },
    all: (): readonly Task[] => [...records.tasks.values()],
  };
}

function memoryTasks(records: Map<string, Task>): Tasks {
  const running = (id: string): Running | undefined => {
    const task = records.get(id);
    return task && !isEnded(task) ? task : undefined;
  };
  // One conditional write: the record after it, also when only the extra condition was in its way.
  const deed = (id: string, change: (task: Running) => Running): Running | undefined => {
    const task = running(id);
    if (task) records.set(id, change(task));
    return running(id);
  };

  return {
    find: async (id) => records.get(id),
    uploadArrived: async (id, index) =>
      deed(id, (task) => ({ ...task, arrived: new Set(task.arrived).add(index) })),
    started: async (id, { startedAt, deadlineAt }) =>
      deed(id, ({ dueAt: _, ...task }) => ({
        ...task,
        startedAt: task.startedAt ?? startedAt,
        deadlineAt: task.deadlineAt ?? deadlineAt,
      })),
    submitting: async (id, provider, at) => {
      const task = records.get(id);
      if (!task) throw new Error(`${id} is not there`);
      if (task.status !== 'pending' || task.submittingAt !== undefined || task.outcome) {
        return { marked: false, task };
      }
      const marked = { ...task, submittingAt: at, provider };
      records.set(id, marked);
      return { marked: true, task: marked };
    },
    notSubmitted: async (id) => {
      deed(id, (task) => {
        const { submittingAt: _, ...rest } = task;
        return task.status === 'processing' ? task : rest;
      });
    },
    submitted: async (id, ticket, submittedAt) =>
      deed(id, (task) => ({ ...task, status: 'processing', ticket, submittedAt })),
    waiting: async (id, wakeToken) => deed(id, (task) => ({ ...task, wakeToken })),
    outcome: async (id, outcome) =>
      deed(id, (task) => ({ ...task, outcome: task.outcome ?? outcome })),
    callback: async (id, callback) => {
      const task = records.get(id);
      if (task) records.set(id, { ...task, ...{ callback } });
    },
    due: async (now, limit) =>
      [...records.values()]
        .flatMap(({ id, dueAt = Number.POSITIVE_INFINITY }) => (dueAt <= now ? { id, dueAt } : []))
        .sort((a, b) => a.dueAt - b.dueAt)
        .slice(0, limit)
        .map(({ id }) => id),
  };
}

/** A workflow that keeps what was asked of it; `failure` says for which task or token it breaks down. */
export function memoryWorkflow(failure: (about: string) => Error | undefined = () => undefined) {
  const started = new Set<string>();
  const woken: string[] = [];
  const finished: string[] = [];
  const unlessBroken = async (about: string, note: () => unknown): Promise<void> => {
    const error = failure(about);
    if (error) throw error;
    note();
  };
  const workflow: Workflow = {
    start: (taskId) => unlessBroken(taskId, () => started.add(taskId)),
    wake: (token) => unlessBroken(token, () => woken.push(token)),
    finish: (token) => unlessBroken(token, () => finished.push(token)),
  };
  return { ...workflow, started: () => [...started], woken, finished };
}

/** Input pictures in memory: what `keep` finds at each index, or why it finds nothing. */
export function memoryInputs(...sources: readonly (Uint8Array | Error)[]) {
  const kept = new Map<string, Uint8Array>();
  const place = (taskId: string, index: number) => `${taskId}/${index}`;
  const inputs: Inputs = {
    keep: async (task, index) => {
      const source = sources[index] ?? new Error(`there is no input ${index}`);
      if (source instanceof Error) throw source;
      kept.set(place(task.id, index), source);
    },
    read: async (taskId, index, from, bytes) => {
      const file = kept.get(place(taskId, index));
      if (!file) throw new Error(`input ${index} of ${taskId} was not kept`);
      return { bytes: file.subarray(from, from + bytes), size: file.length };
    },
    link: async (taskId, index) => `https://inputs.example.com/${place(taskId, index)}`,
  };
  return { ...inputs, kept: () => [...kept.keys()] };
}

/** Results in memory; `failure` says which address cannot be fetched. */
export function memoryResults(failure: (url: string) => Error | undefined = () => undefined) {
  const kept: string[] = [];
  const results: Results = {
    keep: async (taskId, n, url) => {
      const error = failure(url);
      if (error) throw error;
      kept.push(url);
      return { key: `results/${taskId}/${n}`, contentType: 'image/png', bytes: 1000 };
    },
    link: async ({ key }, filename) => `https://results.example.com/${key}?name=${filename}`,
  };
  return { ...results, kept };
}

type Script = {
  readonly submit?: readonly (string | Error)[];
  readonly poll?: readonly (Progress | Error)[];
};

/** A provider that plays its answers one by one and keeps what it was asked; after them it is busy. */
export function scriptedProvider({ submit = [], poll = [] }: Script) {
  const jobs: Job[] = [];
  const polled: string[] = [];
  const play = <T>(answer: T | Error = new ProviderBusy('the script is over')): T => {
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const provider: Provider = {
    submit: async (job) => play(submit[jobs.push(job) - 1]),
    poll: async (ticket) => play(poll[polled.push(ticket) - 1]),
  };
  return { ...provider, jobs, polled };
}

/** A clock that stands still until it is told to go on. */
export function settableClock(at: number) {
  let time = at;
  return {
    now: () => time,
    advance: (ms: number): void => {
      time += ms;
    },
  };
}
