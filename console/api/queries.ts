import { QueryClient, queryOptions } from '@tanstack/react-query';
import { session } from '../session/session.ts';
import { ApiError } from './api-error.ts';
import { api, bodyAndRequestOf, bodyOf } from './client.ts';
import type { components } from './schema.d.ts';

type Schemas = components['schemas'];
export type Task = Schemas['Task'];
export type TaskSummary = Schemas['TaskSummary'];
export type Model = Schemas['Model'];
export type Key = Schemas['Key'];
export type Scope = Key['scopes'][number];
export type GenerationRequest = Schemas['GenerationRequest'];
/** A name of a model, as the API returns and accepts it. */
export type ModelName = NonNullable<GenerationRequest['model']>;
export type Upload = Schemas['Upload'];
export type TaskUpload = Schemas['TaskUpload'];

const maxRetries = 4;

/** A request with a temporary failure is repeated, after the pause that the API asks for. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, error) => error instanceof ApiError && error.isTemporary && count < maxRetries,
      retryDelay: (count, error) =>
        error instanceof ApiError && error.retryAfter !== undefined
          ? error.retryAfter * 1000
          : Math.min(500 * 2 ** count, 8000),
      staleTime: 2000,
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});

export const creditsQuery = queryOptions({
  queryKey: ['credits'],
  queryFn: ({ signal }) => bodyOf(api.GET('/v1/credits', { signal })),
  select: ({ data }) => data,
});

/** The OpenAPI document of this service. Only a deployment changes it. */
export const documentQuery = queryOptions({
  queryKey: ['document'],
  queryFn: ({ signal }) => bodyOf(api.GET('/openapi.json', { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: ({ signal }) => bodyOf(api.GET('/v1/models', { signal })),
  select: ({ data }) => data,
  staleTime: 600_000,
});

export const isEnded = ({ status }: { readonly status: string }): boolean =>
  status === 'completed' || status === 'failed';

/** Whether the callback of a task is still on its way: such a task still gets events after its end. */
const hasOpenCallback = ({ callback }: Task): boolean =>
  callback?.status === 'pending' || callback?.status === 'retrying';

const pollMs = 1500;
const slowPollMs = 5000;

/** A task with the id of the request that has read it. */
export const taskReadQuery = (id: string) =>
  queryOptions({
    queryKey: ['task', id],
    queryFn: ({ signal }) =>
      bodyAndRequestOf(
        api.GET('/v1/tasks/{task_id}', { params: { path: { task_id: id } }, signal }),
      ),
  });

/** A task, which is polled until nothing more happens to it. */
export const taskQuery = (id: string) =>
  queryOptions({
    ...taskReadQuery(id),
    select: ({ body }) => body,
    refetchInterval: ({ state: { data } }) => {
      // No polling while the user has to sign in again.
      if (data === undefined || session.current().key === undefined) return false;
      if (!isEnded(data.body)) return pollMs;
      return hasOpenCallback(data.body) ? slowPollMs : false;
    },
  });

/** Reads everything again that shows a finished or changed task. */
export const refreshTasks = () =>
  Promise.all(
    ['tasks', 'credits', 'usage'].map((name) =>
      queryClient.invalidateQueries({ queryKey: [name] }),
    ),
  );
