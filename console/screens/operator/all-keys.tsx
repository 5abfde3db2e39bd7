import { Link } from 'wouter';
import { api, bodyOf } from '../../api/client.ts';
import type { Key } from '../../api/queries.ts';
import { Failure } from '../../parts/failure.tsx';
import { Foreign } from '../../parts/foreign.tsx';
import { Loading } from '../../parts/loading.tsx';
import { useTitle } from '../../parts/use-title.ts';
import { useRights } from '../../session/rights.ts';
import { KeyTable } from '../keys/keys.tsx';
import { FilterText } from './filter-fields.tsx';
import { useFilters } from './use-filters.ts';
import { type PageCursor, usePages } from './use-pages.ts';

/** The API lists keys by account. So a page here has this many accounts, and one request for the keys of each. */
const accountsOfPage = 10;
/** The most keys that one request returns. Of an account with more, the newest are shown, with a link to all. */
const keysOfAccount = 100;

/** The keys of every account, by account. */
export function AllKeys() {
  useTitle('All keys');
  const { keyId } = useRights();
  const filters = useFilters(['text']);
  const text = filters.textOf('text');
  const { rows, error, reread, hasMore, isReadingMore, readMore } = usePages({
    // It begins like the query keys of all lists of keys, so that a change of a key reads this list again as well.
    queryKey: ['keys', 'all', accountsOfPage],
    read: readPage,
  });
  const keys = rows?.flatMap((account) => account.keys).filter((key) => isNamed(key, text));
  const disabledAccounts = new Set(rows?.flatMap(({ id, enabled }) => (enabled ? [] : [id])));
  const isPart = hasMore || rows?.some((account) => account.hasMoreKeys);
  return (
    <>
      <header className="screen-head">
        <h1>All keys</h1>
        {filters.isFiltered && (
          <button type="button" className="quiet" onClick={filters.clear}>
            Clear the filter
          </button>
        )}
      </header>
      <fieldset className="filter-fields">
        <legend className="sr-only">Filter</legend>
        <FilterText
          label="Name, id or last four characters"
          value={text}
          onChange={(value) => filters.change('text', value)}
        />
      </fieldset>
      {error && <Failure what="The keys could not be read." error={error} onRetry={reread} />}
      {!rows && !error && <Loading what="the keys" lines={6} />}
      {keys?.length === 0 && (
        <section className="panel empty">
          <p>{isPart ? 'None among the keys that were read.' : 'There is no such key.'}</p>
        </section>
      )}
      {keys && keys.length > 0 && (
        <KeyTable keys={keys} ownId={keyId} disabledAccounts={disabledAccounts} />
      )}
      {rows
        ?.filter((account) => account.hasMoreKeys)
        .map(({ id }) => (
          <p key={id} className="caption">
            Of <Foreign text={id} /> only the newest {keysOfAccount} keys are searched.{' '}
            <Link href={`/console/operator/accounts/${id}?view=Keys`}>All of them</Link>
          </p>
        ))}
      {hasMore && (
        <p className="actions">
          <button type="button" aria-disabled={isReadingMore} onClick={readMore}>
            {isReadingMore ? 'Loading' : 'Show the keys of more accounts'}
          </button>
        </p>
      )}
    </>
  );
}

/** A page of accounts, each with its keys. */
async function readPage(cursor: PageCursor, signal: AbortSignal) {
  const accounts = await bodyOf(
    api.GET('/v1/admin/accounts', {
      signal,
      params: { query: { limit: accountsOfPage, ...cursor } },
    }),
  );
  const data = await Promise.all(
    accounts.data.map(async ({ id, enabled }) => {
      const query = { account: id, limit: keysOfAccount };
      const page = await bodyOf(api.GET('/v1/admin/keys', { signal, params: { query } }));
      return { id, enabled, keys: page.data, hasMoreKeys: page.next_cursor !== null };
    }),
  );
  return { data, next_cursor: accounts.next_cursor };
}

const isNamed = ({ id, name, last_four }: Key, text: string | undefined): boolean =>
  text === undefined ||
  id === text ||
  last_four === text ||
  name.toLowerCase().includes(text.toLowerCase());
