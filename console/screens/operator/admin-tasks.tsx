import { Link } from 'wouter';
import { api, bodyOf } from '../../api/client.ts';
import type { components } from '../../api/schema.d.ts';
import { Foreign } from '../../parts/foreign.tsx';
import { duration, number } from '../../parts/format.ts';
import { StatusMark } from '../../parts/status-mark.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import { useTitle } from '../../parts/use-title.ts';
import { FilterChoice, FilterText } from './filter-fields.tsx';
import { type Column, Listed } from './listed.tsx';
import { useFilters } from './use-filters.ts';
import { usePages } from './use-pages.ts';
import {
  callbackStates,
  callbackTexts,
  codes,
  modes,
  providers,
  statuses,
  valuesOf,
} from './values.ts';

type Task = components['schemas']['AdminTaskList']['data'][number];

const pageSize = 50;
const pollMs = 10_000;

const names = ['account', 'mode', 'status', 'code', 'provider', 'callback', 'hours'] as const;
const periods = [
  ['1', 'last hour'],
  ['24', 'last 24 hours'],
  ['168', 'last 7 days'],
] as const;

/** The tasks of all accounts, the newest first, without their prompts and pictures. */
export function AdminTasks() {
  useTitle('All tasks');
  const filters = useFilters(names);
  const wanted = {
    account: filters.textOf('account'),
    mode: filters.oneOf('mode', valuesOf(modes)),
    status: filters.oneOf('status', valuesOf(statuses)),
    code: filters.oneOf('code', valuesOf(codes)),
    provider: filters.oneOf('provider', valuesOf(providers)),
    callback: filters.oneOf('callback', valuesOf(callbackStates)),
  };
  const hours = filters.oneOf('hours', valuesOf(periods));
  const pages = usePages({
    queryKey: ['admin-tasks', wanted, hours],
    read: (cursor, signal) =>
      bodyOf(
        api.GET('/v1/admin/tasks', {
          signal,
          params: {
            query: {
              limit: pageSize,
              ...cursor,
              ...(wanted.account !== undefined && { account: wanted.account }),
              ...(wanted.mode && { mode: wanted.mode }),
              ...(wanted.status && { status: wanted.status }),
              ...(wanted.code && { code: wanted.code }),
              ...(wanted.provider && { provider: wanted.provider }),
              ...(wanted.callback && { callback: wanted.callback }),
              ...(hours && {
                created_after: Math.floor(Date.now() / 1000) - Number(hours) * 3600,
              }),
            },
          },
        }),
      ),
    everyMs: pollMs,
  });
  return (
    <>
      <header className="screen-head">
        <h1>All tasks</h1>
        {filters.isFiltered && (
          <button type="button" className="quiet" onClick={filters.clear}>
            Clear the filters
          </button>
        )}
      </header>
      <fieldset className="filter-fields">
        <legend className="sr-only">Filters</legend>
        <FilterText
          label="Account"
          value={wanted.account}
          onChange={(value) => filters.change('account', value)}
        />
        <FilterChoice
          label="Mode"
          options={modes}
          otherwise="live"
          value={wanted.mode}
          onChange={(value) => filters.change('mode', value)}
        />
        <FilterChoice
          label="Status"
          options={statuses}
          value={wanted.status}
          onChange={(value) => filters.change('status', value)}
        />
        <FilterChoice
          label="Failed with"
          options={codes}
          value={wanted.code}
          onChange={(value) => filters.change('code', value)}
        />
        <FilterChoice
          label="Provider"
          options={providers}
          value={wanted.provider}
          onChange={(value) => filters.change('provider', value)}
        />
        <FilterChoice
          label="Callback"
          options={callbackStates}
          value={wanted.callback}
          onChange={(value) => filters.change('callback', value)}
        />
        <FilterChoice
          label="Created in the"
          options={periods}
          value={hours}
          onChange={(value) => filters.change('hours', value)}
        />
      </fieldset>
      <Listed
        pages={pages}
        what="tasks"
        whenEmpty="There is no such task."
        columns={columns}
        keyOf={({ id }) => id}
      />
    </>
  );
}

const columns: readonly Column<Task>[] = [
  {
    name: 'Task',
    of: ({ id }) => (
      <Link href={`/console/operator/tasks/${id}`} className="row-link">
        <code>{id}</code>
      </Link>
    ),
  },
  {
    name: 'Status',
    of: ({ status, code }) => (
      <>
        <StatusMark status={code === 'request_cancelled' ? 'cancelled' : status} />{' '}
        {code !== null && <code>{code}</code>}
      </>
    ),
  },
  { name: 'Account', of: ({ account }) => <Foreign text={account} lines={1} /> },
  { name: 'Provider', of: ({ provider }) => provider ?? '–' },
  { name: 'Callback', of: ({ callback }) => (callback === null ? '–' : callbackTexts[callback]) },
  {
    name: 'Took',
    isAmount: true,
    of: (task) => (task.duration === null ? '–' : duration(task.duration)),
  },
  {
    name: 'Credits',
    isAmount: true,
    of: ({ credits_used }) => (credits_used === null ? '–' : number(credits_used)),
  },
  { name: 'Created', of: ({ created_at }) => <TimeAgo at={created_at} /> },
];
