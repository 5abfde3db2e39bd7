import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { api, bodyOf } from '../../api/client.ts';
import type { components } from '../../api/schema.d.ts';
import { Failure } from '../../parts/failure.tsx';
import { Foreign } from '../../parts/foreign.tsx';
import { duration, number } from '../../parts/format.ts';
import { Loading } from '../../parts/loading.tsx';
import { useTitle } from '../../parts/use-title.ts';
import { saveAs } from '../result/save.ts';
import { allPages } from './all-pages.ts';
import { DayChart } from './day-chart.tsx';

type Row = components['schemas']['UsageList']['data'][number];

const periods = [7, 30, 90] as const;
/** The largest page that the API returns. */
const pageRows = 1000;
/** Enough for 90 days of a hundred keys. */
const maxPages = 10;

const dayBefore = (days: number): string =>
  new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);

/** Reads usage as JSON. The type of the response also allows the CSV of the same address. */
const read = (group_by: string, from: string, signal: AbortSignal) =>
  allPages<Row>(async (cursor) => {
    const query = { group_by, from, limit: pageRows, ...(cursor !== undefined && { cursor }) };
    const body = await bodyOf(api.GET('/v1/usage', { signal, params: { query } }));
    return typeof body === 'string' ? { data: [], next_cursor: null } : body;
  }, maxPages);

/** The usage of the account, by day (UTC) and by key. */
export function UsagePage() {
  useTitle('Usage');
  const [params, setParams] = useSearchParams();
  const days = periods.find((one) => String(one) === params.get('days')) ?? 30;
  const from = dayBefore(days - 1);
  const byDay = useQuery({
    queryKey: ['usage', 'day', from],
    queryFn: ({ signal }) => read('day', from, signal),
  });
  const byDayAndKey = useQuery({
    queryKey: ['usage', 'day,key', from],
    queryFn: ({ signal }) => read('day,key', from, signal),
  });
  const error = byDay.error ?? byDayAndKey.error;
  const rows = byDay.data?.rows;
  return (
    <>
      <header className="screen-head">
        <h1>Usage</h1>
        <label className="inline">
          <span className="sr-only">Period</span>
          <select
            value={days}
            onChange={({ currentTarget }) => setParams({ days: currentTarget.value })}
          >
            {periods.map((one) => (
              <option key={one} value={one}>
                Last {one} days
              </option>
            ))}
          </select>
        </label>
        <SaveTable from={from} />
      </header>
      {error && (
        <Failure
          what="The usage could not be loaded."
          error={error}
          onRetry={() => {
            void byDay.refetch();
            void byDayAndKey.refetch();
          }}
        />
      )}
      {!rows && !error && <Loading what="the usage" lines={6} />}
      {rows && rows.length === 0 && (
        <section className="panel empty">
          <h2>Nothing was used in these days</h2>
          <p>A task counts on the day on which it ended.</p>
        </section>
      )}
      {rows && rows.length > 0 && (
        <>
          <Totals rows={rows} />
          {byDayAndKey.data && (
            <DayChart days={daysFrom(from, days)} rows={byDayAndKey.data.rows} />
          )}
          {byDayAndKey.data?.isWhole === false && (
            <p className="warning">
              There are more keys than this chart can read: its last days are not whole. The table
              below is.
            </p>
          )}
          <DayTable rows={rows} />
        </>
      )}
    </>
  );
}

const daysFrom = (from: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) =>
    new Date(Date.parse(from) + index * 86_400_000).toISOString().slice(0, 10),
  );

const percent = (share: number): string => `${number(Math.round(share * 1000) / 10)} %`;

function Totals({ rows }: { readonly rows: readonly Row[] }) {
  const sum = (name: 'tasks' | 'failed' | 'images' | 'credits') =>
    rows.reduce((all, row) => all + row[name], 0);
  const tasks = sum('tasks');
  const numbers = [
    ['Images', number(sum('images'))],
    ['Credits', number(sum('credits'))],
    ['Tasks', number(tasks)],
    ['Successful', tasks === 0 ? '–' : percent(1 - sum('failed') / tasks)],
  ] as const;
  return (
    <dl className="totals">
      {numbers.map(([name, value]) => (
        <div key={name} className="panel">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function DayTable({ rows }: { readonly rows: readonly Row[] }) {
  return (
    <table className="cards">
      <thead>
        <tr>
          <th scope="col">Day (UTC)</th>
          <th scope="col" className="amount">
            Tasks
          </th>
          <th scope="col" className="amount">
            Images
          </th>
          <th scope="col" className="amount">
            Credits
          </th>
          <th scope="col" className="amount">
            Successful
          </th>
          <th scope="col" className="amount">
            Half within
          </th>
          <th scope="col" className="amount">
            95 % within
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.toReversed().map((row) => (
          <tr key={row.day}>
            <th scope="row">
              <Foreign text={row.day ?? ''} />
            </th>
            <td className="amount" data-label="Tasks">
              {number(row.tasks)}
            </td>
            <td className="amount" data-label="Images">
              {number(row.images)}
            </td>
            <td className="amount" data-label="Credits">
              {number(row.credits)}
            </td>
            <td className="amount" data-label="Successful">
              {percent(row.success_share)}
            </td>
            <td className="amount" data-label="Half within">
              {row.seconds_p50 === null ? '–' : duration(row.seconds_p50)}
            </td>
            <td className="amount" data-label="95 % within">
              {row.seconds_p95 === null ? '–' : duration(row.seconds_p95)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Saves the usage as CSV for a spreadsheet, as the API makes it. */
function SaveTable({ from }: { readonly from: string }) {
  const [error, setError] = useState<unknown>();
  const save = async () => {
    setError(undefined);
    try {
      const query = { group_by: 'day,key,model', from, format: 'csv' as const };
      const csv = await bodyOf(api.GET('/v1/usage', { params: { query }, parseAs: 'blob' }));
      saveAs(csv, `usage-from-${from}.csv`);
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <>
      <button type="button" onClick={save}>
        Download CSV
      </button>
      {error !== undefined && <Failure what="The table was not saved." error={error} />}
    </>
  );
}
