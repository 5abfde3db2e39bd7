import { ProviderBusy } from '../../functions/task/failures.ts';
import type { Caller, Keys } from '../../functions/task/identify.ts';
import type { KeyStore, NewKey } from '../../functions/task/issue-key.ts';
import type {
  Inputs,
  Job,
  Ledger,
  Opening,
  Progress,
  Provider,
  Results,
  Tasks,
  Workflow,
} from '../../functions/task/ports.ts';
import type { Remembered } from '../../functions/task/remember.ts';
import {
  type Ended,
  isEnded,
  type Pending,
  type Running,
  type Task,
} from '../../functions/task/task.ts';

import { memoryHistory } from './history.ts';

/** What an account has. At all times `granted = balance + reserved + used`. */
export type Funds = {
  readonly granted: number;
  readonly balance: number;
  readonly reserved: number;
  readonly used: number;
};

type Account = Funds & { readonly webhookSecret: string };

type Records = {
  readonly tasks: Map<string, Task>;
  readonly accounts: Map<string, Account>;
  readonly remembered: Map<string, Remembered & { readonly taskId: string }>;
  readonly keys: Map<string, NewKey>;
};

const noAccount: Account = { granted: 0, balance: 0, reserved: 0, used: 0, webhookSecret: '' };

/** The tables in memory: tasks, money and keys that know of each other, as behind the real adapters. */
export function memoryStore() {
  const records: Records = {
    tasks: new Map(),
    accounts: new Map(),
    remembered: new Map(),
    keys: new Map(),
  };
  return {
    tasks: memoryTasks(records.tasks),
    ledger: memoryLedger(records),
    history: memoryHistory(() => [...records.tasks.values()]),
    keys: memoryKeys(records),
    keyStore: memoryKeyStore(records),
    /** What the account has by now. */
    funds: (account: string): Funds => {
      const { webhookSecret: _, ...funds } = records.accounts.get(account) ?? noAccount;
      return funds;
    },
    /** Gives an account milli-credits, and makes it when there is none. */
    grant: (account: string, amount: number): void =>
      move(records.accounts, account, { granted: amount, balance: amount }),
    /** Writes a task past the ledger, to start a test in the middle of its life. */
    put: (task: Task): void => {
      records.tasks.set(task.id, task);
    },
    all: (): readonly Task[] => [...records.tasks.values()],
  };
}

function move(accounts: Records['accounts'], account: string, by: Partial<Funds>): void {
  const { webhookSecret, ...funds } = accounts.get(account) ?? noAccount;
  const { granted = 0, balance = 0, reserved = 0, used = 0 } = by;
  accounts.set(account, {
    webhookSecret,
    granted: funds.granted + granted,
    balance: funds.balance + balance,
    reserved: funds.reserved + reserved,
    used: funds.used + used,
  });
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

function memoryLedger(records: Records): Ledger {
  const { tasks, accounts, remembered } = records;
  return {
    open: async (task, key) => {
      const refused = whyNotOpened(records, task, key);
      if (refused) return refused;
      move(accounts, task.account, { balance: -task.reserved, reserved: task.reserved });
      if (key) remembered.set(key.id, { ...key, taskId: task.id });
      tasks.set(task.id, task);
      return { state: 'opened' };
    },
    settle: async (task: Ended) => {
      const { account, reserved, charged } = task;
      const before = tasks.get(task.id);
      if (!before || isEnded(before)) return undefined;
      if ((accounts.get(account)?.reserved ?? 0) < reserved) {
        throw new Error(`settling ${task.id} was refused: more than is reserved`);
      }
      move(records.accounts, account, {
        reserved: -reserved,
        used: charged,
        balance: reserved - charged,
      });
      tasks.set(task.id, task);
      return task;
    },
  };
}

function whyNotOpened(
  { tasks, accounts, remembered }: Records,
  task: Pending,
  key: Remembered | undefined,
): Opening | undefined {
  const before = key && remembered.get(key.id);
  // The table counts in seconds, and a key that is over counts as absent.
  if (before && Math.ceil(before.expiresAt / 1000) >= Math.floor(task.createdAt / 1000)) {
    return { state: 'remembered', taskId: before.taskId, requestHash: before.requestHash };
  }
  if ((accounts.get(task.account)?.balance ?? -1) < task.reserved) return { state: 'insufficient' };
  if (tasks.has(task.id)) throw new Error(`${task.id} is there already`);
  return undefined;
}

function memoryKeys({ keys, accounts }: Records): Keys & { readonly asked: readonly string[] } {
  const asked: string[] = [];
  return {
    asked,
    find: async (hash): Promise<Caller | undefined> => {
      asked.push(hash);
      const key = keys.get(hash);
      if (!key) return undefined;
      const { keyId, account, scopes } = key;
      if (!accounts.has(account)) throw new Error(`the account ${account} is not there`);
      return { keyId, account, scopes, userGroup: 'default' };
    },
  };
}

function memoryKeyStore(records: Records): KeyStore {
  const { keys, accounts } = records;
  return {
    ensureAccount: async ({ account, webhookSecret }) => {
      const before = accounts.get(account);
      if (before) return { webhookSecret: before.webhookSecret };
      accounts.set(account, { ...noAccount, webhookSecret });
      return { webhookSecret };
    },
    grant: async (account, amount) => {
      if (!accounts.has(account)) throw new Error('the grant was refused: there is no account');
      move(records.accounts, account, { granted: amount, balance: amount });
    },
    add: async (key) => {
      if (keys.has(key.hash)) throw new Error('the key is there already');
      keys.set(key.hash, key);
    },
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
