import { type Funds, noFunds } from '../../functions/task/account.ts';
import { ProviderBusy } from '../../functions/task/failures.ts';
import type { Inputs, Results, Workflow } from '../../functions/task/ports.ts';
import type { Job, Progress, Provider, ProviderName } from '../../functions/task/provider.ts';
import type { Image, Task } from '../../functions/task/task.ts';
import { memoryHistory } from './history.ts';
import { memoryTasks } from './memory-tasks.ts';
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

/** A workflow that keeps what was asked of it; `failure` says for which task or token it breaks down. */
export function memoryWorkflow(failure: (about: string) => Error | undefined = () => undefined) {
  const executions = new Map<string, 'running' | 'over'>();
  const woken: string[] = [];
  const finished: string[] = [];
  const nameOf = (taskId: string, execution: number) =>
    execution === 1 ? taskId : `${taskId}-${execution}`;
  const unlessBroken = async <T>(about: string, note: () => T): Promise<T> => {
    const error = failure(about);
    if (error) throw error;
    return note();
  };
  const workflow: Workflow = {
    start: (taskId, execution = 1) =>
      unlessBroken(taskId, () => {
        const name = nameOf(taskId, execution);
        if (!executions.has(name)) executions.set(name, 'running');
      }),
    state: (taskId, execution) =>
      unlessBroken(taskId, () => executions.get(nameOf(taskId, execution)) ?? 'absent'),
    wake: (token) => unlessBroken(token, () => void woken.push(token)),
    finish: (token) => unlessBroken(token, () => void finished.push(token)),
  };
  return {
    ...workflow,
    /** The names of all executions so far. */
    started: () => [...executions.keys()],
    /** An execution ends, well or badly; one that nobody started too. */
    ends: (taskId: string, execution = 1): void => {
      executions.set(nameOf(taskId, execution), 'over');
    },
    ...{ woken, finished },
  };
}

/** Input pictures in memory: what `keep` finds at each index, or why it finds nothing. */
export function memoryInputs(...sources: readonly (Uint8Array | Error)[]) {
  const kept = new Map<string, Uint8Array>();
  const fetched: string[] = [];
  const place = (taskId: string, index: number) => `${taskId}/${index}`;
  const inputs: Inputs = {
    keep: async (task, index) => {
      fetched.push(place(task.id, index));
      const source = sources[index] ?? new Error(`there is no input ${index}`);
      if (source instanceof Error) throw source;
      kept.set(place(task.id, index), source);
    },
    has: async (taskId, index) => kept.has(place(taskId, index)),
    read: async (taskId, index, from, bytes) => {
      const file = kept.get(place(taskId, index));
      if (!file) throw new Error(`input ${index} of ${taskId} was not kept`);
      return { bytes: file.subarray(from, from + bytes), size: file.length };
    },
    link: async (taskId, index) => `https://inputs.example.com/${place(taskId, index)}`,
  };
  return { ...inputs, kept: () => [...kept.keys()], fetched };
}

/** Results in memory; `failure` says which address cannot be fetched. */
export function memoryResults(failure: (url: string) => Error | undefined = () => undefined) {
  const images = new Map<string, Image>();
  const kept: string[] = [];
  const results: Results = {
    keep: async (taskId, n, url) => {
      const key = `results/${taskId}/${n}`;
      const before = images.get(key);
      if (before) return before;
      const error = failure(url);
      if (error) throw error;
      const image = { key, contentType: 'image/png', bytes: 1000 };
      images.set(key, image);
      kept.push(url);
      return image;
    },
    link: async ({ key }, filename) => `https://results.example.com/${key}?name=${filename}`,
  };
  return { ...results, kept };
}

type Script = {
  readonly submit?: readonly (string | Error)[];
  readonly poll?: readonly (Progress | Error)[];
  readonly cancel?: readonly (boolean | Error)[] | undefined;
};

/** A provider that plays its answers one by one and keeps what it was asked; after them it is busy. */
export function scriptedProvider({ submit = [], poll = [], cancel }: Script) {
  const jobs: Job[] = [];
  const polled: string[] = [];
  const calledBack: string[] = [];
  const play = <T>(answer: T | Error = new ProviderBusy('the script is over')): T => {
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const provider: Provider = {
    submit: async (job) => play(submit[jobs.push(job) - 1]),
    poll: async (ticket) => play(poll[polled.push(ticket) - 1]),
    // Without a word about it in the script, it cannot.
    ...(cancel && { cancel: async (ticket) => play(cancel[calledBack.push(ticket) - 1]) }),
  };
  return { ...provider, jobs, polled, calledBack };
}

/** The same provider under every name. */
export const only = <T>(provider: T): Readonly<Record<ProviderName, T>> => ({
  ...{ dashscope: provider, evolink: provider, fal: provider },
});

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
