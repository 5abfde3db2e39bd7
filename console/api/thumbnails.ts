import { queryOptions } from '@tanstack/react-query';
import { api, bodyOf } from './client.ts';
import { isEnded, type Task, type TaskSummary } from './queries.ts';

export type Thumbnails = NonNullable<Task['thumbnails']>;

/** The largest number of tasks in one request. */
const maxBatch = 50;
/** Tasks that are shown within this time go into one request. */
const collectMs = 20;

type Waiting = {
  readonly id: string;
  readonly resolve: (found: Thumbnails | null) => void;
  readonly reject: (cause: unknown) => void;
};

/** `false` after the first response of a service that makes no thumbnails: it is not asked again. */
let isOffered = true;
let waiting: Waiting[] = [];

/** The thumbnails of a task; `null` when there is no such task, or when the service makes none. */
const load = (id: string): Promise<Thumbnails | null> => {
  if (!isOffered) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    if (waiting.length === 0) setTimeout(loadAll, collectMs);
    waiting.push({ id, resolve, reject });
  });
};

function loadAll(): void {
  const all = waiting;
  waiting = [];
  for (let start = 0; start < all.length; start += maxBatch) {
    void loadBatch(all.slice(start, start + maxBatch));
  }
}

async function loadBatch(batch: readonly Waiting[]): Promise<void> {
  try {
    const task_ids = batch.map(({ id }) => id);
    const body = { task_ids, thumbnails: true };
    const { data } = await bodyOf(api.POST('/v1/tasks/batch', { body }));
    const found = new Map(data.map((task) => [task.id, task.thumbnails]));
    isOffered = data.length === 0 || data.some(({ thumbnails }) => thumbnails !== undefined);
    for (const { id, resolve } of batch) resolve(found.get(id) ?? null);
  } catch (cause) {
    for (const { reject } of batch) reject(cause);
  }
}

/** A link works for 15 minutes. */
const staleMs = 10 * 60_000;
/** The interval of requests while thumbnails of a young task are missing, and for how long after its end it is young. */
const refetchMs = 3000;
const youngSeconds = 60;
/** The largest number of such requests, because the clock of this machine may be wrong. */
const maxRefetches = 30;

const isComplete = ({ inputs, results }: Thumbnails): boolean =>
  [...inputs, ...results].every((link) => link !== null);

/** Whether thumbnails of a task may still be made. */
const isYoung = ({ created_at, duration }: TaskSummary): boolean =>
  Date.now() / 1000 < created_at + (duration ?? 0) + youngSeconds;

/** The thumbnails of a task of a list. They are requested again when the task ends, and while more may still come. */
export const thumbnailsQuery = (task: TaskSummary) =>
  queryOptions({
    queryKey: ['thumbnails', task.id, isEnded(task)],
    queryFn: () => load(task.id),
    staleTime: staleMs,
    refetchInterval: ({ state: { data, dataUpdateCount } }) =>
      data && !isComplete(data) && isYoung(task) && dataUpdateCount < maxRefetches
        ? refetchMs
        : false,
  });
