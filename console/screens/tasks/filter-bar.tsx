import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api, bodyOf } from '../../api/client.ts';
import { modelsQuery, type TaskSummary } from '../../api/queries.ts';
import { plainForeign } from '../../parts/foreign.tsx';
import { useRights } from '../../session/rights.ts';
import {
  maxSearchLength,
  periodNames,
  periods,
  type StatusFilter,
  taskStatuses,
} from './filters.ts';
import type { useFilters } from './use-filters.ts';

const words: Readonly<Record<StatusFilter, string>> = {
  pending: 'Waiting',
  processing: 'Unfinished',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

type Props = ReturnType<typeof useFilters> & {
  /** The tasks that are shown: their keys can be chosen. */
  readonly tasks: readonly TaskSummary[];
};

/** The filters of the list. Each choice is part of the address. */
export function FilterBar({ filters, change, tasks }: Props) {
  const { data: models } = useQuery(modelsQuery);
  const keys = useKeyNames(tasks);
  const { status, period, key, model, text } = filters;
  return (
    <fieldset className="filters">
      <legend className="sr-only">Filters</legend>
      {[undefined, ...taskStatuses].map((one) => (
        <button
          key={one ?? 'all'}
          type="button"
          className="chip"
          aria-pressed={status === one}
          onClick={() => change('status', one)}
        >
          {one === undefined ? 'All' : words[one]}
        </button>
      ))}
      <span className="filter-choices">
        <Search text={text ?? ''} onSearch={(typed) => change('text', typed || undefined, true)} />
        <Choice
          label="Period"
          none="Any time"
          chosen={period}
          options={periodNames.map((name) => [name, periods[name][0]])}
          onChoose={(chosen) => change('period', chosen)}
        />
        <Choice
          label="Key"
          none="Any key"
          chosen={key}
          options={keys}
          onChoose={(chosen) => change('key', chosen)}
        />
        <Choice
          label="Model"
          none="Any model"
          chosen={model}
          options={(models ?? []).map(({ id }) => [id, id])}
          onChoose={(chosen) => change('model', chosen)}
        />
      </span>
    </fieldset>
  );
}

type ChoiceProps = {
  readonly label: string;
  readonly none: string;
  readonly chosen: string | undefined;
  /** The values with their names. */
  readonly options: readonly (readonly [string, string])[];
  readonly onChoose: (value: string | undefined) => void;
};

function Choice({ label, none, chosen, options, onChoose }: ChoiceProps) {
  const isListed = chosen === undefined || options.some(([value]) => value === chosen);
  return (
    <select
      aria-label={label}
      value={chosen ?? ''}
      onChange={({ currentTarget }) => onChoose(currentTarget.value || undefined)}
    >
      <option value="">{none}</option>
      {!isListed && <option value={chosen}>{chosen}</option>}
      {options.map(([value, name]) => (
        <option key={value} value={value}>
          {plainForeign(name)}
        </option>
      ))}
    </select>
  );
}

const typingMs = 300;

/** Searches when the user has stopped typing. */
function Search({
  text,
  onSearch,
}: {
  readonly text: string;
  readonly onSearch: (text: string) => void;
}) {
  const [typed, setTyped] = useState(text);
  const searched = useRef(text);
  // The address may also change by a step back, or when all filters are cleared. After a search from this field, the
  // field stays as it is being typed.
  useEffect(() => {
    if (text !== searched.current) setTyped(text);
    searched.current = text;
  }, [text]);
  useEffect(() => {
    const wanted = typed.trim();
    if (wanted === text) return;
    const timer = setTimeout(() => {
      searched.current = wanted;
      onSearch(wanted);
    }, typingMs);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <input
      type="search"
      aria-label="Text in the prompt"
      placeholder="Text in the prompt"
      maxLength={maxSearchLength}
      value={typed}
      onInput={({ currentTarget }) => setTyped(currentTarget.value)}
    />
  );
}

/**
 * The keys to choose from, by id: all keys of the account, if the signed-in key may see them, otherwise the keys of the
 * shown tasks.
 */
function useKeyNames(tasks: readonly TaskSummary[]): readonly (readonly [string, string])[] {
  const { mayManage, keyId, keyName } = useRights();
  const { data: keys } = useQuery({
    queryKey: ['keys', 'names'],
    queryFn: ({ signal }) =>
      bodyOf(api.GET('/v1/admin/keys', { signal, params: { query: { limit: 100 } } })),
    enabled: mayManage,
    staleTime: 60_000,
  });
  const names = new Map<string, string>();
  if (keyId !== undefined) names.set(keyId, keyName ?? keyId);
  for (const { key } of tasks) names.set(key.id, key.name ?? key.id);
  for (const { id, name } of keys?.data ?? []) names.set(id, name);
  return [...names];
}
