import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'wouter';
import { api, bodyOf } from '../../api/client.ts';
import { isEnded, type StatusFilter, type TaskSummary, taskStatuses } from '../../api/queries.ts';
import { Failure } from '../../parts/failure.tsx';
import { Foreign } from '../../parts/foreign.tsx';
import { credits, duration, number } from '../../parts/format.ts';
import { Loading } from '../../parts/loading.tsx';
import { StatusMark } from '../../parts/status-mark.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import { useTitle } from '../../parts/use-title.ts';
import { session } from '../../session/session.ts';

const pageSize = 30;
const busyPollMs = 3000;
const idlePollMs = 15_000;

const words: Readonly<Record<StatusFilter, string>> = {
  pending: 'Waiting',
  processing: 'Unfinished',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

const periods = { day: ['Last 24 hours', 86_400], week: ['Last 7 days', 604_800] } as const;
type Period = keyof typeof periods;
const periodNames = Object.keys(periods) as Period[];

/** The filters, in the address: what is unknown there is as good as absent. */
function useFilters() {
  const [query, setQuery] = useSearchParams();
  return {
    status: taskStatuses.find((status) => status === query.get('status')),
    period: periodNames.find((period) => period === query.get('period')),
    change(name: 'status' | 'period', value: string | undefined): void {
      setQuery((before) => {
        const next = new URLSearchParams(before);
        if (value === undefined) next.delete(name);
        else next.set(name, value);
        return next;
      });
    },
    clear: () => setQuery({}),
  };
}

function useTasks(status: StatusFilter | undefined, period: Period | undefined) {
  return useInfiniteQuery({
    queryKey: ['tasks', status, period],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      bodyOf(
        api.GET('/v1/tasks', {
          signal,
          params: {
            query: {
              limit: pageSize,
              ...(status && { status }),
              ...(period && { created_after: Math.floor(Date.now() / 1000) - periods[period][1] }),
              ...(pageParam !== undefined && { cursor: pageParam }),
            },
          },
        }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    refetchInterval: ({ state: { data } }) => {
      if (session.current().key === undefined) return false;
      const isBusy = data?.pages.some((page) => page.data.some((task) => !isEnded(task)));
      return isBusy ? busyPollMs : idlePollMs;
    },
  });
}

/** The tasks of the account, the newest first. */
export function Tasks() {
  useTitle('Tasks');
  const filters = useFilters();
  const { status, period } = filters;
  const query = useTasks(status, period);
  const tasks = query.data?.pages.flatMap(({ data }) => data);
  const isFiltered = status !== undefined || period !== undefined;
  return (
    <>
      <header className="screen-head">
        <h1>Tasks</h1>
        <Link href="/console" className="button primary">
          Make a picture
        </Link>
      </header>
      <fieldset className="filters">
        <legend className="sr-only">Filters</legend>
        {[undefined, ...taskStatuses].map((one) => (
          <button
            key={one ?? 'all'}
            type="button"
            className="chip"
            aria-pressed={status === one}
            onClick={() => filters.change('status', one)}
          >
            {one === undefined ? 'All' : words[one]}
          </button>
        ))}
        <select
          aria-label="Period"
          value={period ?? ''}
          onChange={({ currentTarget }) =>
            filters.change('period', currentTarget.value || undefined)
          }
        >
          <option value="">Any time</option>
          {periodNames.map((name) => (
            <option key={name} value={name}>
              {periods[name][0]}
            </option>
          ))}
        </select>
      </fieldset>
      {query.error && (
        <Failure
          what="The tasks could not be loaded."
          error={query.error}
          onRetry={() => query.refetch()}
        />
      )}
      {!tasks && !query.error && <Loading what="the tasks" lines={8} />}
      {tasks?.length === 0 && (
        <section className="panel empty">
          <h2>{isFiltered ? 'No such tasks' : 'No tasks yet'}</h2>
          {isFiltered ? (
            <button type="button" onClick={filters.clear}>
              Clear the filters
            </button>
          ) : (
            <p>
              <Link href="/console">Make the first picture</Link>, here or by the API: it shows up
              in this list.
            </p>
          )}
        </section>
      )}
      {tasks && tasks.length > 0 && <TaskTable tasks={tasks} />}
      {query.hasNextPage && (
        <button
          type="button"
          aria-disabled={query.isFetchingNextPage}
          onClick={() => query.fetchNextPage()}
        >
          {query.isFetchingNextPage ? 'Loading' : 'Show older tasks'}
        </button>
      )}
    </>
  );
}

function TaskTable({ tasks }: { readonly tasks: readonly TaskSummary[] }) {
  return (
    <table className="cards">
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">What was asked</th>
          <th scope="col" className="amount">
            Images
          </th>
          <th scope="col" className="amount">
            Took
          </th>
          <th scope="col" className="amount">
            Credits
          </th>
          <th scope="col">Key</th>
          <th scope="col">Created</th>
        </tr>
      </thead>
      <tbody>
        {tasks.map((task) => (
          <tr key={task.id}>
            <td>
              <StatusMark status={task.status} />
            </td>
            <th scope="row">
              <Link href={`/console/tasks/${task.id}`} className="row-link">
                <Foreign text={task.prompt_start} lines={1} />
              </Link>
            </th>
            <td className="amount" data-label="Images">
              {task.result_count || '–'}
            </td>
            <td className="amount" data-label="Took">
              {task.duration === null ? '–' : duration(task.duration)}
            </td>
            <td
              className="amount"
              data-label="Credits"
              title={`${credits(task.credits_reserved)} reserved`}
            >
              {task.credits_used === null ? '–' : number(task.credits_used)}
            </td>
            <td data-label="Key">
              <Foreign text={task.key.name ?? task.key.id} lines={1} />
            </td>
            <td data-label="Created">
              <TimeAgo at={task.created_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
