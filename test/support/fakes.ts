import { type Funds, noFunds } from '../../functions/domain/model/account.ts';
import { allProviderNames, type ProviderName } from '../../functions/domain/model/catalogue.ts';
import type { ImageFormat } from '../../functions/domain/model/image-format.ts';
import type {
  CancelResult,
  Job,
  Progress,
  Provider,
} from '../../functions/domain/model/provider.ts';
import {
  type Image,
  isDeleted,
  type Task,
  type TaskRecord,
} from '../../functions/domain/model/task.ts';
import { ProviderBusy } from '../../functions/domain/model/workflow-errors.ts';
import type {
  InputStore,
  ResultStore,
  TaskPictures,
  Workflow,
} from '../../functions/domain/tasks/ports.ts';
import { memoryHistory } from './history.ts';
import { memoryTasks } from './memory-tasks.ts';
import {
  fundsOf,
  grant,
  memoryAccounts,
  memoryApiKeys,
  memoryKeys,
  memoryLedger,
  memoryUsage,
  type Records,
  type StoredTask,
} from './money.ts';
import { fileOf } from './pictures.ts';

/** The tables in memory: tasks, money and keys share one set of records, as with the real adapters. */
export function memoryStore() {
  const records: Records = {
    tasks: new Map(),
    attempts: new Map(),
    accounts: new Map(),
    entries: [],
    keys: new Map(),
    idempotencyRecords: new Map(),
  };
  const tasks = () =>
    [...records.tasks.values()].flatMap((record) => (isDeleted(record) ? [] : record));
  return {
    tasks: memoryTasks(records),
    ledger: memoryLedger(records),
    history: memoryHistory(tasks, records),
    accounts: memoryAccounts(records),
    apiKeys: memoryApiKeys(records),
    usage: memoryUsage(records),
    keys: memoryKeys(records),
    /** The current funds of the account. */
    funds: (account: string): Funds => fundsOf(records.accounts.get(account) ?? noFunds),
    /** How many attempts to deliver the callback of a task are stored. */
    attemptCount: async (id: string): Promise<number> => records.attempts.get(id)?.length ?? 0,
    /** Grants milli-credits to an account, and creates it and its sample key when there are none. */
    grant: (account: string, amount: number): void => grant(records, account, amount),
    /** Writes a task past the ledger, to start a test in the middle of its life. */
    put: (task: StoredTask): void => {
      records.tasks.set(task.id, task);
    },
    all: (): readonly Task[] => tasks(),
    /** All tasks, also those that were deleted. */
    records: (): readonly TaskRecord[] => [...records.tasks.values()],
  };
}

/** A workflow that records its calls; `failure` says for which task or token it fails. */
export function memoryWorkflow(failure: (about: string) => Error | undefined = () => undefined) {
  const executions = new Map<string, 'running' | 'over'>();
  const woken: string[] = [];
  const finished: string[] = [];
  const rescheduled: object[] = [];
  const failed: object[] = [];
  /** The tokens of the waits that are kept alive now, with their seconds. */
  const alive = new Map<string, number>();
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
    executionState: (taskId, execution) =>
      unlessBroken(taskId, () => executions.get(nameOf(taskId, execution)) ?? 'absent'),
    wake: (token) => unlessBroken(token, () => void woken.push(token)),
    finish: (token) => unlessBroken(token, () => void finished.push(token)),
    fail: (token, error) => unlessBroken(token, () => void failed.push({ token, error })),
    keepAlive: (token, seconds) => {
      alive.set(token, seconds);
      return { [Symbol.asyncDispose]: async () => void alive.delete(token) };
    },
    reschedule: (token, taskId, schedule) =>
      unlessBroken(token, () => void rescheduled.push({ token, taskId, ...schedule })),
  };
  return {
    ...workflow,
    /** The names of all executions so far. */
    started: () => [...executions.keys()],
    /** An execution ends, whether it was started or not. */
    ends: (taskId: string, execution = 1): void => {
      executions.set(nameOf(taskId, execution), 'over');
    },
    woken,
    finished,
    failed,
    rescheduled,
    alive,
  };
}

/** Input pictures in memory: what `fetch` finds at each index, or the error it throws. */
export function memoryInputs(...sources: readonly (Uint8Array | Error)[]) {
  const copies = new Map<string, ImageFormat>();
  const fetched: string[] = [];
  const uploads = new Map<string, ReadonlySet<number>>();
  const keyOf = (taskId: string, index: number) => `${taskId}/${index}`;
  const inputs: InputStore = {
    fetch: async (task, index) => {
      fetched.push(keyOf(task.id, index));
      const source = sources[index] ?? new Error(`there is no input ${index}`);
      if (source instanceof Error) throw source;
      return {
        file: fileOf(source),
        store: async (format) => void copies.set(keyOf(task.id, index), format),
        [Symbol.asyncDispose]: async () => undefined,
      };
    },
    uploaded: async (taskId) => uploads.get(taskId) ?? new Set(),
    stored: async (taskId) =>
      new Map(
        [...copies].flatMap(([key, format]) => {
          const [id, index] = key.split('/');
          return id === taskId ? [[Number(index), format] as const] : [];
        }),
      ),
    link: async (taskId, index, format) =>
      `https://inputs.example.com/${keyOf(taskId, index)}${format ? `.${format}` : ''}`,
  };
  return {
    ...inputs,
    copies: () => [...copies.keys()],
    fetched,
    /** Puts these uploads of a task into the bucket, without an event. */
    upload: (taskId: string, ...indexes: readonly number[]): void => {
      uploads.set(taskId, new Set(indexes));
    },
  };
}

/** The pictures of tasks, as far as they can be deleted; `failure` says for which task that fails. */
export function memoryPictures(failure: (taskId: string) => Error | undefined = () => undefined) {
  const deleted: string[] = [];
  const pictures: TaskPictures = {
    deleteAll: async (taskId) => {
      const error = failure(taskId);
      if (error) throw error;
      deleted.push(taskId);
    },
  };
  return { ...pictures, deleted };
}

/** Results in memory; `failure` says which address cannot be fetched. */
export function memoryResults(failure: (url: string) => Error | undefined = () => undefined) {
  const images = new Map<string, Image>();
  const fetched: string[] = [];
  const results: ResultStore = {
    stored: async (taskId) =>
      new Map(
        [...images.values()].flatMap((image) => {
          const [, id, file = ''] = image.key.split('/');
          return id === taskId ? [[Number.parseInt(file, 10), image] as const] : [];
        }),
      ),
    store: async (taskId, n, url) => {
      const key = `results/${taskId}/${n}.png`;
      const error = failure(url);
      if (error) throw error;
      const image = { key, contentType: 'image/png', bytes: 1000 };
      images.set(key, image);
      fetched.push(url);
      return image;
    },
    storeInput: async (taskId, n, { index, format }) => {
      const image = {
        key: `results/${taskId}/${n}.${format}`,
        contentType: `image/${format}`,
        bytes: 1000,
      };
      images.set(image.key, image);
      fetched.push(`input ${index}`);
      return image;
    },
    link: async ({ key }, filename) => `https://results.example.com/${key}?name=${filename}`,
    read: async ({ key }) => Buffer.from(`the bytes of ${key}`),
  };
  return { ...results, fetched };
}

type Script = {
  readonly submit?: readonly (string | Error)[];
  readonly poll?: readonly (Progress | Error)[];
  readonly cancel?: readonly (CancelResult | Error)[] | undefined;
};

/** A provider that returns the scripted results one by one and records its calls; after them it is busy. */
export function scriptedProvider({ submit = [], poll = [], cancel }: Script) {
  const jobs: Job[] = [];
  const polled: string[] = [];
  const cancelled: string[] = [];
  const play = <T>(result: T | Error = new ProviderBusy('the script is over')): T => {
    if (result instanceof Error) throw result;
    return result;
  };
  const provider: Provider = {
    retentionMs: 24 * 60 * 60 * 1000,
    submit: async (job) => play(submit[jobs.push(job) - 1]),
    poll: async (ticket) => play(poll[polled.push(ticket) - 1]),
    // Without `cancel` in the script it cannot cancel.
    ...(cancel && { cancel: async (ticket) => play(cancel[cancelled.push(ticket) - 1]) }),
  };
  return { ...provider, jobs, polled, cancelled };
}

/** The same provider under every name. */
export const only = <T>(provider: T): Readonly<Record<ProviderName, T>> =>
  forEachProvider(() => provider);

/** What this makes of the name of every provider, the sandbox included. */
export const forEachProvider = <T>(
  make: (name: ProviderName) => T,
): Readonly<Record<ProviderName, T>> =>
  // Object.fromEntries forgets that these are all names.
  Object.fromEntries(allProviderNames.map((name) => [name, make(name)])) as Record<ProviderName, T>;

/** A clock that stands still until the test advances it. */
export function settableClock(at: number) {
  let time = at;
  return {
    now: () => time,
    advance: (ms: number): void => {
      time += ms;
    },
  };
}
