import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { api, bodyOf } from '../../api/client.ts';
import { Failure } from '../../parts/failure.tsx';
import { Foreign } from '../../parts/foreign.tsx';
import { Loading } from '../../parts/loading.tsx';
import { useTitle } from '../../parts/use-title.ts';
import { useRights } from '../../session/rights.ts';
import { KeyTable } from '../keys/keys.tsx';

/** One key, which a task or an entry of the audit has named. */
export function KeyPage({ id }: { readonly id: string }) {
  useTitle('Key');
  const { keyId } = useRights();
  const { data, error, refetch } = useQuery({
    // It begins like the query keys of all lists of keys, so that a change of a key reads this key again as well.
    queryKey: ['keys', 'one', id],
    queryFn: ({ signal }) =>
      bodyOf(api.GET('/v1/admin/keys/{key_id}', { signal, params: { path: { key_id: id } } })),
  });
  return (
    <>
      <header className="screen-head">
        <h1>
          {data ? (
            <>
              Key <Foreign text={data.name} />
            </>
          ) : (
            'Key'
          )}
        </h1>
        {data && (
          <Link href={`/console/operator/accounts/${data.account}?view=Keys`}>
            All keys of <Foreign text={data.account} />
          </Link>
        )}
      </header>
      {error && (
        <Failure what="The key could not be read." error={error} onRetry={() => refetch()} />
      )}
      {!data && !error && <Loading what="the key" />}
      {data && (
        <>
          <KeyTable keys={[data]} ownId={keyId} />
          <p className="actions">
            <code>{data.id}</code>
            <Link href={`/console/operator/audit?actor=${data.id}`}>What was done with it</Link>
          </p>
        </>
      )}
    </>
  );
}
