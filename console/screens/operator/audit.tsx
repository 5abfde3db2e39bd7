import { Link } from 'wouter';
import { api, bodyOf } from '../../api/client.ts';
import type { components } from '../../api/schema.d.ts';
import { Foreign } from '../../parts/foreign.tsx';
import { localTime } from '../../parts/format.ts';
import { useTitle } from '../../parts/use-title.ts';
import { FilterChoice, FilterText } from './filter-fields.tsx';
import { type Column, Listed } from './listed.tsx';
import { useFilters } from './use-filters.ts';
import { usePages } from './use-pages.ts';
import { operations, operationTexts, valuesOf } from './values.ts';

type Entry = components['schemas']['AuditList']['data'][number];

const pageSize = 50;
const names = ['account', 'actor', 'operation', 'from', 'to'] as const;

/** The beginning of a day of UTC in unix seconds. @returns `undefined` for a text that is no day */
function startOf(day: string | undefined): number | undefined {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(day ?? '') ? Date.parse(day ?? '') : Number.NaN;
  return Number.isNaN(ms) || ms < 0 ? undefined : ms / 1000;
}

/** Who did what to accounts, keys, credits and tasks. */
export function Audit() {
  useTitle('Audit');
  const filters = useFilters(names);
  const account = filters.textOf('account');
  const actor = filters.textOf('actor');
  const operation = filters.oneOf('operation', valuesOf(operations));
  const from = startOf(filters.textOf('from'));
  // The list includes the last day.
  const lastDay = startOf(filters.textOf('to'));
  const to = lastDay === undefined ? undefined : lastDay + 86_400;
  const pages = usePages({
    queryKey: ['audit', account, actor, operation, from, to],
    read: (cursor, signal) =>
      bodyOf(
        api.GET('/v1/admin/audit', {
          signal,
          params: {
            query: {
              limit: pageSize,
              ...cursor,
              ...(account !== undefined && { account }),
              ...(actor !== undefined && { actor }),
              ...(operation && { operation }),
              ...(from !== undefined && { from }),
              ...(to !== undefined && { to }),
            },
          },
        }),
      ),
  });
  return (
    <>
      <header className="screen-head">
        <h1>Audit</h1>
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
          value={account}
          onChange={(value) => filters.change('account', value)}
        />
        <FilterText
          label="Who: the id of a key"
          placeholder="key-…"
          value={actor}
          onChange={(value) => filters.change('actor', value)}
        />
        <FilterChoice
          label="What"
          options={operations}
          value={operation}
          onChange={(value) => filters.change('operation', value)}
        />
        {(['from', 'to'] as const).map((name) => (
          <label key={name}>
            {name === 'from' ? 'From (UTC)' : 'To (UTC)'}
            <input
              type="date"
              value={filters.textOf(name) ?? ''}
              onChange={({ currentTarget }) => filters.change(name, currentTarget.value)}
            />
          </label>
        ))}
      </fieldset>
      <Listed
        pages={pages}
        what="entries"
        whenEmpty="There is no such entry."
        columns={columns}
        keyOf={({ id }) => id}
      />
    </>
  );
}

const columns: readonly Column<Entry>[] = [
  { name: 'When', of: ({ created }) => localTime(created) },
  {
    name: 'Who',
    of: ({ actor }) => (
      <>
        <Foreign text={actor.key_name} lines={1} />
        <ActorId id={actor.key_id} />
      </>
    ),
  },
  { name: 'What', of: ({ operation }) => operationTexts[operation] },
  { name: 'To', of: (entry) => <Target entry={entry} /> },
  { name: 'Before', of: ({ before }) => <Values values={before} /> },
  { name: 'After', of: ({ after }) => <Values values={after} /> },
  {
    name: 'Request',
    of: ({ request_id }) => (
      <code className="caption">
        <Foreign text={request_id} lines={1} />
      </code>
    ),
  },
];

/** The function that issues keys has no key, so there is no page to link to. */
function ActorId({ id }: { readonly id: string }) {
  return id.startsWith('key-') ? (
    <Link href={`/console/operator/keys/${id}`} className="caption">
      {id}
    </Link>
  ) : (
    <span className="caption">{id}</span>
  );
}

function Target({ entry: { account, key_id, task_id } }: { readonly entry: Entry }) {
  return (
    <>
      <Link href={`/console/operator/accounts/${account}`}>
        <Foreign text={account} />
      </Link>
      {key_id !== null && (
        <>
          {' '}
          <Link href={`/console/operator/keys/${key_id}`} className="caption">
            {key_id}
          </Link>
        </>
      )}
      {task_id !== null && (
        <>
          {' '}
          <Link href={`/console/operator/tasks/${task_id}`} className="caption break">
            {task_id}
          </Link>
        </>
      )}
    </>
  );
}

function Values({ values }: { readonly values: Entry['before'] }) {
  if (values === null) return '–';
  return (
    <ul className="values">
      {Object.entries(values).map(([name, value]) => (
        <li key={name}>
          <span className="soft">{name}</span> <Foreign text={textOf(value)} lines={2} />
        </li>
      ))}
    </ul>
  );
}

const textOf = (value: unknown): string =>
  Array.isArray(value) ? value.map(String).join(', ') : String(value);
