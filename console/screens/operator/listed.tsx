import type { ReactNode } from 'react';
import { Failure } from '../../parts/failure.tsx';
import { Loading } from '../../parts/loading.tsx';
import type { Pages } from './use-pages.ts';

export type Column<Row> = {
  readonly name: string;
  readonly isAmount?: true;
  readonly of: (row: Row) => ReactNode;
};

type TableProps<Row> = {
  /** The first one names the row. */
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly isDisabled?: (row: Row) => boolean;
};

/** A table that becomes cards in a narrow window. */
export function Table<Row>({ columns, rows, keyOf, isDisabled }: TableProps<Row>) {
  const [first, ...others] = columns;
  if (!first) return null;
  return (
    <table className="cards">
      <thead>
        <tr>
          {columns.map(({ name, isAmount }) => (
            <th key={name} scope="col" className={isAmount && 'amount'}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)} className={isDisabled?.(row) ? 'disabled' : undefined}>
            <th scope="row">{first.of(row)}</th>
            {others.map(({ name, isAmount, of }) => (
              <td key={name} className={isAmount && 'amount'} data-label={name}>
                {of(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type ListedProps<Row> = Omit<TableProps<Row>, 'rows'> & {
  readonly pages: Pages<Row>;
  /** What the rows are: `accounts`. */
  readonly what: string;
  readonly whenEmpty: string;
};

/** A list of the API in all its states: loading, failed, empty, or longer than a page. */
export function Listed<Row>({ pages, what, whenEmpty, ...table }: ListedProps<Row>) {
  const { rows, error } = pages;
  return (
    <>
      {error && (
        <Failure what={`The ${what} could not be read.`} error={error} onRetry={pages.reread} />
      )}
      {!rows && !error && <Loading what={`the ${what}`} lines={6} />}
      {rows?.length === 0 && (
        <section className="panel empty">
          <p>{pages.hasMore ? 'Nothing on this page of the search.' : whenEmpty}</p>
        </section>
      )}
      {rows && rows.length > 0 && <Table {...table} rows={rows} />}
      {pages.hasMore && (
        <p className="actions">
          <button type="button" aria-disabled={pages.isReadingMore} onClick={pages.readMore}>
            {pages.isReadingMore ? 'Loading' : `Show more ${what}`}
          </button>
        </p>
      )}
    </>
  );
}
