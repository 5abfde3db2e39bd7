import { useQuery } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { Link } from 'wouter';
import { modelsQuery } from '../../api/queries.ts';
import { Failure } from '../../parts/failure.tsx';
import { Loading } from '../../parts/loading.tsx';
import { useTitle } from '../../parts/use-title.ts';
import { bulk } from './actions.ts';
import { BulkReport } from './bulk-report.tsx';
import { FilterBar } from './filter-bar.tsx';
import { type Filters, isFiltered, type View, views } from './filters.ts';
import type { Selection } from './select-box.tsx';
import { useSelection } from './selection.ts';
import { SelectionBar } from './selection-bar.tsx';
import { TaskGrid } from './task-grid.tsx';
import { type ListProps, TaskTable } from './task-table.tsx';
import { useFilters } from './use-filters.ts';
import { useTasks } from './use-tasks.ts';

/** The tasks of the account, the newest first. */
export function Tasks() {
  useTitle('Tasks');
  const address = useFilters();
  const filters = useKnownFilters(address.filters);
  const query = useTasks(filters ?? {}, filters !== undefined);
  const tasks = query.data?.pages.flatMap(({ data }) => data);
  const selection = useSelection(tasks ?? []);
  const report = useSyncExternalStore(bulk.subscribe, bulk.report);
  return (
    <>
      <header className="screen-head">
        <h1>Tasks</h1>
        <Link href="/console" className="button primary">
          Make a picture
        </Link>
      </header>
      <FilterBar {...address} tasks={tasks ?? []} />
      {query.error && (
        <Failure
          what="The tasks could not be loaded."
          error={query.error}
          onRetry={() => query.refetch()}
        />
      )}
      {report && <BulkReport report={report} />}
      {tasks ? (
        <Found address={address} tasks={tasks} selection={selection} hasMore={query.hasNextPage} />
      ) : (
        !query.error && <Loading what="the tasks" lines={8} />
      )}
      {query.hasNextPage && (
        <Older isLoading={query.isFetchingNextPage} onLoad={() => query.fetchNextPage()} />
      )}
      {selection.selected.length > 0 && (
        <SelectionBar selection={selection} isBusy={report?.isRunning ?? false} />
      )}
    </>
  );
}

type FoundProps = ListProps & {
  readonly address: ReturnType<typeof useFilters>;
  readonly hasMore: boolean;
};

function Found({ address, tasks, selection, hasMore }: FoundProps) {
  const { filters, view, change, clear } = address;
  if (tasks.length === 0) {
    return <NoTasks isFiltered={isFiltered(filters)} hasMore={hasMore} onClear={clear} />;
  }
  const Shown = view === 'grid' ? TaskGrid : TaskTable;
  return (
    <>
      <ListHead
        selection={selection}
        count={tasks.length}
        view={view}
        onView={(chosen) => change('view', chosen === 'table' ? undefined : chosen)}
      />
      <Shown tasks={tasks} selection={selection} />
    </>
  );
}

type OlderProps = { readonly isLoading: boolean; readonly onLoad: () => void };

function Older({ isLoading, onLoad }: OlderProps) {
  return (
    <button type="button" aria-disabled={isLoading} onClick={onLoad}>
      {isLoading ? 'Loading' : 'Show older tasks'}
    </button>
  );
}

/** The filters without a model that does not exist; `undefined` until the models are known. */
function useKnownFilters(filters: Filters): Filters | undefined {
  const { data: models, error } = useQuery(modelsQuery);
  if (filters.model === undefined) return filters;
  if (!models) return error ? filters : undefined;
  const isKnown = models.some(({ id }) => id === filters.model);
  return isKnown ? filters : { ...filters, model: undefined };
}

type HeadProps = {
  readonly selection: Selection;
  readonly count: number;
  readonly view: View;
  readonly onView: (view: View) => void;
};

const viewNames: Readonly<Record<View, string>> = { table: 'Table', grid: 'Grid' };

function ListHead({ selection, count, view, onView }: HeadProps) {
  return (
    <div className="list-head">
      <label className="check">
        <input
          type="checkbox"
          checked={selection.isAll}
          ref={(box) => {
            if (box) box.indeterminate = selection.selected.length > 0 && !selection.isAll;
          }}
          onChange={({ currentTarget }) => selection.chooseAll(currentTarget.checked)}
        />
        Select all {count} shown
      </label>
      <fieldset className="actions">
        <legend className="sr-only">How they are shown</legend>
        {views.map((one) => (
          <button
            key={one}
            type="button"
            className="chip"
            aria-pressed={view === one}
            onClick={() => onView(one)}
          >
            {viewNames[one]}
          </button>
        ))}
      </fieldset>
    </div>
  );
}

type NoTasksProps = {
  readonly isFiltered: boolean;
  readonly hasMore: boolean;
  readonly onClear: () => void;
};

function NoTasks({ isFiltered, hasMore, onClear }: NoTasksProps) {
  if (!isFiltered) {
    return (
      <section className="panel empty">
        <h2>No tasks yet</h2>
        <p>
          <Link href="/console">Make the first picture</Link>, here or by the API: it shows up in
          this list.
        </p>
      </section>
    );
  }
  return (
    <section className="panel empty">
      <h2>{hasMore ? 'No such tasks among the newest' : 'No such tasks'}</h2>
      {hasMore && <p>Older tasks were not searched yet.</p>}
      <button type="button" onClick={onClear}>
        Clear the filters
      </button>
    </section>
  );
}
