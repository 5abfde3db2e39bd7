import { useInfiniteQuery } from '@tanstack/react-query';
import { api, bodyOf } from '../../api/client.ts';
import { pollMsOf } from '../../api/poll.ts';
import { isEnded, type ModelName } from '../../api/queries.ts';
import { session } from '../../session/session.ts';
import { type Filters, periods } from './filters.ts';

const pageSize = 30;
const busyPollMs = 3000;
const idlePollMs = 15_000;
/** A text search reads hundreds of tasks for each page, so it is polled less often. */
const searchTimes = 5;

/** The tasks that match the filters, page by page, which are polled. */
export const useTasks = (filters: Filters, isEnabled: boolean) =>
  useInfiniteQuery({
    queryKey: ['tasks', filters],
    enabled: isEnabled,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      bodyOf(api.GET('/v1/tasks', { signal, params: { query: queryOf(filters, pageParam) } })),
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    refetchInterval: ({ state: { data } }) => {
      if (session.current().key === undefined) return false;
      const isBusy = data?.pages.some((page) => page.data.some((task) => !isEnded(task)));
      const everyMs = isBusy ? busyPollMs : idlePollMs;
      return pollMsOf(
        data?.pages.length ?? 1,
        filters.text === undefined ? everyMs : everyMs * searchTimes,
      );
    },
  });

const queryOf = ({ status, period, key, model, text }: Filters, cursor: string | undefined) => ({
  limit: pageSize,
  ...(status && { status }),
  ...(period && { created_after: Math.floor(Date.now() / 1000) - periods[period][1] }),
  ...(key !== undefined && { key }),
  ...(model !== undefined && { model: model as ModelName }),
  ...(text !== undefined && { text }),
  ...(cursor !== undefined && { cursor }),
});
