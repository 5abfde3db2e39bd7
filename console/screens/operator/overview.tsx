import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { api, bodyOf } from '../../api/client.ts';
import { Failure } from '../../parts/failure.tsx';
import { duration, localTime, number } from '../../parts/format.ts';
import { Loading } from '../../parts/loading.tsx';
import { useTitle } from '../../parts/use-title.ts';
import { session } from '../../session/session.ts';
import { Text } from '../docs/text.tsx';
import { allPages } from '../usage/all-pages.ts';
import {
  type Activity,
  activityOf,
  canaryAccount,
  type Judgement,
  judge,
  oldestWaiting,
  type ProviderRow,
  type TaskRow,
  thresholds,
  undeliveredOf,
  windowSeconds,
} from './judge.ts';
import { Table } from './listed.tsx';
import { runbookOf } from './runbook.ts';

const pageSize = 100;
/** The most pages that are read of each list. */
const maxPages = { tasks: 8, accounts: 5 };
const pollMs = 15_000;
const slowPollMs = 60_000;
const daySeconds = 86_400;
const shownDays = 7;

const every = (ms: number) => ({
  refetchInterval: () => (session.current().key === undefined ? false : ms),
});
const unixNow = () => Math.floor(Date.now() / 1000);
const pageOf = (cursor: string | undefined) => ({
  limit: pageSize,
  ...(cursor !== undefined && { cursor }),
});

function useTasks() {
  return useQuery({
    queryKey: ['overview', 'tasks'],
    queryFn: async ({ signal }) => {
      const now = unixNow();
      const read = await allPages<TaskRow>(
        (cursor) =>
          bodyOf(
            api.GET('/v1/admin/tasks', {
              signal,
              params: { query: { ...pageOf(cursor), created_after: now - windowSeconds } },
            }),
          ),
        maxPages.tasks,
      );
      return { now, activity: activityOf(read.rows, read.isWhole, now) };
    },
    ...every(pollMs),
  });
}

function useUndelivered() {
  return useQuery({
    queryKey: ['overview', 'undelivered'],
    queryFn: async ({ signal }) => {
      const now = unixNow();
      const { data, next_cursor } = await bodyOf(
        api.GET('/v1/admin/tasks', {
          signal,
          params: {
            query: {
              limit: pageSize,
              callback: 'undelivered',
              created_after: now - daySeconds,
            },
          },
        }),
      );
      return undeliveredOf(data, next_cursor === null, now);
    },
    ...every(slowPollMs),
  });
}

function useInFlight() {
  return useQuery({
    queryKey: ['overview', 'accounts'],
    queryFn: async ({ signal }) => {
      const { rows, isWhole } = await allPages(
        (cursor) =>
          bodyOf(api.GET('/v1/admin/accounts', { signal, params: { query: pageOf(cursor) } })),
        maxPages.accounts,
      );
      return {
        count: rows.reduce((sum, one) => sum + one.tasks_in_flight, 0),
        isWhole,
        hasCanary: rows.some(({ id, enabled }) => id === canaryAccount && enabled),
      };
    },
    ...every(slowPollMs),
  });
}

/** The tasks of the canary, if there is one. */
function useCanary(isThere: boolean) {
  return useQuery({
    queryKey: ['overview', 'canary'],
    enabled: isThere,
    queryFn: async ({ signal }) => {
      const created_after = unixNow() - thresholds.CanaryFailing.minutes * 60;
      const query = {
        account: canaryAccount,
        mode: 'test',
        limit: pageSize,
        created_after,
      } as const;
      const { data } = await bodyOf(api.GET('/v1/admin/tasks', { signal, params: { query } }));
      return data;
    },
    ...every(slowPollMs),
  });
}

function useDays() {
  return useQuery({
    queryKey: ['overview', 'usage'],
    queryFn: async ({ signal }) => {
      const from = new Date(Date.now() - (shownDays - 1) * daySeconds * 1000)
        .toISOString()
        .slice(0, 10);
      const body = await bodyOf(
        api.GET('/v1/admin/usage', {
          signal,
          params: { query: { group_by: 'day', from, limit: shownDays } },
        }),
      );
      // The type of the response also allows the CSV of the same address, which is not requested here.
      return typeof body === 'string' ? [] : body.data;
    },
    ...every(slowPollMs),
  });
}

/** The state of the service now, from the lists that the other screens show. */
export function Overview() {
  useTitle('Overview');
  const tasks = useTasks();
  const undelivered = useUndelivered();
  const inFlight = useInFlight();
  const days = useDays();
  const canary = useCanary(inFlight.data?.hasCanary === true);
  const providers = useQuery({
    queryKey: ['providers'],
    queryFn: ({ signal }) => bodyOf(api.GET('/v1/admin/providers', { signal })),
    ...every(pollMs),
  });
  const queries = [
    ['The tasks could not be read.', tasks],
    ['The callbacks could not be read.', undelivered],
    ['The accounts could not be read.', inFlight],
    ['The usage could not be read.', days],
    ['The providers could not be read.', providers],
    ['The tasks of the canary could not be read.', canary],
  ] as const;
  return (
    <>
      <h1>Overview</h1>
      {queries.map(
        ([what, { data, dataUpdatedAt, error, refetch }]) =>
          error && (
            <Failure
              key={what}
              what={
                data ? `${what} What is shown is from ${localTime(dataUpdatedAt / 1000)}.` : what
              }
              error={error}
              onRetry={() => void refetch()}
            />
          ),
      )}
      {queries.every(([, { isPending }]) => isPending) && <Loading what="the overview" lines={8} />}
      <Figures
        activity={tasks.data?.activity}
        now={Math.floor(providers.dataUpdatedAt / 1000)}
        inFlight={inFlight.data}
        undelivered={undelivered.data}
        providers={providers.data?.data}
        days={days.data}
      />
      {tasks.data && undelivered.data && providers.data && (
        <Alarms
          judgements={judge({
            activity: tasks.data.activity,
            now: tasks.data.now,
            undelivered: undelivered.data,
            providers: providers.data.data,
            canaryTasks: canary.data,
          })}
        />
      )}
      <div className="task-columns">
        <div>{days.data && <Days days={days.data} />}</div>
        <div>{tasks.data && <Causes activity={tasks.data.activity} />}</div>
      </div>
    </>
  );
}

type Counted = { readonly count: number; readonly isWhole: boolean };
type Day = NonNullable<ReturnType<typeof useDays>['data']>[number];

type FiguresProps = {
  readonly activity: Activity | undefined;
  /** When the providers were read, in unix seconds. */
  readonly now: number;
  readonly inFlight: Counted | undefined;
  readonly undelivered: Counted | undefined;
  readonly providers: readonly ProviderRow[] | undefined;
  readonly days: readonly Day[] | undefined;
};

const counted = ({ count, isWhole }: Counted): string =>
  `${number(count)}${isWhole ? '' : ' or more'}`;

type Figure = readonly [name: string, value: ReactNode];

/** A figure that is not there yet is a dash. */
function Figures({ activity, now, inFlight, undelivered, providers, days }: FiguresProps) {
  const today = days?.find(({ day }) => day === new Date().toISOString().slice(0, 10));
  const figures: readonly Figure[] = [
    ['Tasks a minute', activity && number(Math.round(activity.perMinute * 10) / 10)],
    ['Successful', activity && shareOf(activity)],
    ['In flight', inFlight && counted(inFlight)],
    ...queueFigures(providers, now),
    [
      'Callbacks given up',
      undelivered && (
        <Link href="/console/operator/tasks?callback=undelivered&hours=24">
          {counted(undelivered)}
        </Link>
      ),
    ],
    ['Credits today', days && number(today?.credits ?? 0)],
    ['Providers today', days && costOf(today)],
  ];
  return (
    <dl className="totals">
      {figures.map(([name, value]) => (
        <div key={name} className="panel">
          <dt>{name}</dt>
          <dd>{value ?? '–'}</dd>
        </div>
      ))}
    </dl>
  );
}

function queueFigures(
  providers: readonly ProviderRow[] | undefined,
  now: number,
): readonly Figure[] {
  const slots = providers && slotsOf(providers);
  const oldest = providers && oldestWaiting(providers);
  const waits = oldest === undefined ? 'nobody' : duration(Math.max(0, now - oldest));
  return [
    ['Waiting for a slot', slots && number(slots.waiting)],
    ['Oldest waits', providers && waits],
    ['Slots taken', slots?.text],
  ];
}

const percent = (share: number): string => `${number(Math.round(share * 1000) / 10)} %`;

function shareOf({ completed, failed }: Activity): string {
  const all = failed.reduce((sum, [, count]) => sum + count, completed);
  return all === 0 ? '–' : percent(completed / all);
}

/** What the providers cost, if the catalogue knows their prices. */
function costOf(day: Day | undefined): string {
  if (!day) return '$ 0';
  return day.provider_cost_usd === null ? 'no price known' : `$ ${number(day.provider_cost_usd)}`;
}

function slotsOf(providers: readonly ProviderRow[]) {
  const slots = providers.flatMap((provider) => provider.slots);
  const taken = slots.reduce((sum, one) => sum + one.taken, 0);
  const isLimited = slots.some(({ total }) => total !== null);
  const total = slots.reduce((sum, one) => sum + (one.total ?? 0), 0);
  return {
    // A task that several providers can take waits in the queue of each. So the longest queue counts, and not the sum.
    waiting: Math.max(0, ...slots.map(({ waiting }) => waiting)),
    text: isLimited ? `${number(taken)} of ${number(total)}` : number(taken),
  };
}

const states = {
  firing: { text: 'needs you.', mark: '✕', className: 'delivery-undelivered' },
  unknown: { text: 'cannot be told from here.', mark: '○', className: undefined },
  quiet: { text: 'is quiet.', mark: '●', className: 'delivery-delivered' },
} as const;
/** The most urgent first. */
const urgency: readonly Judgement['state'][] = ['firing', 'unknown', 'quiet'];

function Alarms({ judgements }: { readonly judgements: readonly Judgement[] }) {
  const ordered = urgency.flatMap((state) => judgements.filter((one) => one.state === state));
  return (
    <section className="panel" aria-labelledby="alarms">
      <h2 id="alarms">Alarms</h2>
      <ul className="alarms">
        {ordered.map(({ name, state, because }) => (
          <li key={name}>
            <p>
              <strong className={states[state].className}>
                <span aria-hidden="true">{states[state].mark}</span> {name}
              </strong>{' '}
              {states[state].text} <span className="soft">{because}</span>
            </p>
            <details open={state === 'firing'}>
              <summary>What to do</summary>
              <Text text={runbookOf(name)} />
            </details>
          </li>
        ))}
      </ul>
      <p className="caption">
        This page computes these alarms from the lists of the API. The other alarms are about
        metrics of AWS, and only CloudWatch shows them: the runbook says where alarms are sent.
      </p>
    </section>
  );
}

function Causes({ activity }: { readonly activity: Activity }) {
  const rows = [['completed', activity.completed] as const, ...activity.failed];
  return (
    <section className="panel">
      <h2>Results of tasks</h2>
      <p className="caption">In the last {duration(activity.seconds)}.</p>
      <Table
        rows={rows}
        keyOf={([code]) => code}
        columns={[
          {
            name: 'Result',
            of: ([code]) =>
              code === 'completed' ? (
                <Link href="/console/operator/tasks?status=completed&hours=1">completed</Link>
              ) : (
                <Link href={`/console/operator/tasks?code=${code}&hours=1`}>
                  <code>{code}</code>
                </Link>
              ),
          },
          { name: 'Tasks', isAmount: true, of: ([, count]) => number(count) },
        ]}
      />
    </section>
  );
}

function Days({ days }: { readonly days: readonly Day[] }) {
  return (
    <section className="panel">
      <h2>Spend</h2>
      {days.length === 0 ? (
        <p className="soft">No task has ended in the last seven days.</p>
      ) : (
        <Table
          rows={days.toReversed()}
          keyOf={({ day }) => day ?? ''}
          columns={[
            { name: 'Day (UTC)', of: ({ day }) => day },
            { name: 'Tasks', isAmount: true, of: ({ tasks }) => number(tasks) },
            {
              name: 'Successful',
              isAmount: true,
              of: ({ success_share }) => percent(success_share),
            },
            { name: 'Credits', isAmount: true, of: ({ credits }) => number(credits) },
            { name: 'Providers', isAmount: true, of: (day) => costOf(day) },
          ]}
        />
      )}
    </section>
  );
}
