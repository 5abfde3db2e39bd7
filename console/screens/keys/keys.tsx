import { useInfiniteQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import { api, bodyOf } from '../../api/client.ts';
import { pollMsOf } from '../../api/poll.ts';
import { type Key, queryClient } from '../../api/queries.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Foreign } from '../../parts/foreign.tsx';
import { localDay, number } from '../../parts/format.ts';
import { Loading } from '../../parts/loading.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useTitle } from '../../parts/use-title.ts';
import { scopeTexts, useRights } from '../../session/rights.ts';
import { session } from '../../session/session.ts';
import { CreateKey } from './create-key.tsx';
import { KeyLimits } from './key-limits.tsx';

const pageSize = 50;
const pollMs = 5000;

/** The keys of the account, if the signed-in key may manage them. Otherwise only this key. */
export function Keys() {
  useTitle('Keys');
  const rights = useRights();
  const [isCreating, create] = useState(false);
  if (!rights.isKnown) return <Loading what="the keys" />;
  return (
    <>
      <header className="screen-head">
        <h1>Keys</h1>
        {rights.mayManage && (
          <button type="button" className="primary" onClick={() => create(true)}>
            Create a key
          </button>
        )}
      </header>
      {rights.mayManage ? <KeyList ownId={rights.keyId} /> : <OwnKey />}
      {isCreating && <CreateKey onClose={() => create(false)} />}
    </>
  );
}

function OwnKey() {
  const { keyName, scopes } = useRights();
  return (
    <section className="panel empty">
      <h2>
        You are signed in with the key <Foreign text={keyName ?? ''} />
      </h2>
      <ul>
        {scopes.map((scope) => (
          <li key={scope}>
            <code>{scope}</code>: {scopeTexts[scope]}
          </li>
        ))}
      </ul>
      <p>
        It may not see or make other keys. A key with the scope <code>manage</code> may: sign in
        with one, or ask the operator.
      </p>
    </section>
  );
}

type KeyListProps = {
  readonly ownId: string | undefined;
  /** Without it, the account of the key that is signed in. */
  readonly account?: string;
};

/** All keys of an account. */
export function KeyList({ ownId, account }: KeyListProps) {
  const query = useInfiniteQuery({
    queryKey: ['keys', account],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      bodyOf(
        api.GET('/v1/admin/keys', {
          signal,
          params: {
            query: {
              limit: pageSize,
              ...(account !== undefined && { account }),
              ...(pageParam !== undefined && { cursor: pageParam }),
            },
          },
        }),
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    // The list is read from an index, which learns of a change a moment later.
    refetchInterval: ({ state: { data } }) =>
      session.current().key !== undefined && pollMsOf(data?.pages.length ?? 1, pollMs),
  });
  const keys = query.data?.pages.flatMap(({ data }) => data);
  if (query.error && !keys) {
    return (
      <Failure
        what="The keys could not be loaded."
        error={query.error}
        onRetry={() => query.refetch()}
      />
    );
  }
  if (!keys) return <Loading what="the keys" lines={5} />;
  return (
    <>
      {query.error && <Failure what="The keys could not be read again." error={query.error} />}
      <KeyTable keys={keys} ownId={ownId} />
      {query.hasNextPage && (
        <button type="button" onClick={() => query.fetchNextPage()}>
          Show more keys
        </button>
      )}
    </>
  );
}

type KeyTableProps = {
  readonly keys: readonly Key[];
  readonly ownId: string | undefined;
  /**
   * The accounts that are disabled. When given, each key shows its account, with a link to the operator's page about it.
   */
  readonly disabledAccounts?: ReadonlySet<string>;
};

/** Keys, with the actions for each except the signed-in one. */
export function KeyTable({ keys, ownId, disabledAccounts }: KeyTableProps) {
  return (
    <table className="cards">
      <thead>
        <tr>
          <th scope="col">Name</th>
          {disabledAccounts && <th scope="col">Account</th>}
          <th scope="col">Key</th>
          <th scope="col">May</th>
          <th scope="col">Used</th>
          <th scope="col">Last use</th>
          <th scope="col">Ends</th>
          <th scope="col">Actions</th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <Row
            key={key.id}
            apiKey={key}
            isOwn={key.id === ownId}
            disabledAccounts={disabledAccounts}
          />
        ))}
      </tbody>
    </table>
  );
}

type RowProps = {
  readonly apiKey: Key;
  readonly isOwn: boolean;
  readonly disabledAccounts: ReadonlySet<string> | undefined;
};

function Row({ apiKey: key, isOwn, disabledAccounts }: RowProps) {
  return (
    <tr className={key.enabled ? undefined : 'disabled'}>
      <th scope="row">
        <Foreign text={key.name} lines={1} />
        {!key.enabled && <span className="caption">disabled</span>}
        {key.is_session && <span className="caption">session in the console</span>}
      </th>
      {disabledAccounts && (
        <td data-label="Account">
          <Link href={`/console/operator/accounts/${key.account}?view=Keys`}>
            <Foreign text={key.account} lines={1} />
          </Link>
          {disabledAccounts.has(key.account) && <span className="caption">disabled</span>}
        </td>
      )}
      <td data-label="Key">
        <code>…{key.last_four}</code>
      </td>
      <td data-label="May">
        {key.mode === 'test' && 'test mode: '}
        {key.scopes.join(', ')}
      </td>
      <td data-label="Used">
        <Spent apiKey={key} />
      </td>
      <td data-label="Last use">
        {key.last_used_at === null ? 'never' : <TimeAgo at={key.last_used_at} />}
      </td>
      <td data-label="Ends">{key.expires_at === null ? 'never' : localDay(key.expires_at)}</td>
      <td>
        {isOwn ? <span className="caption">You are using it</span> : <KeyActions apiKey={key} />}
      </td>
    </tr>
  );
}

type Question = 'disable' | 'delete' | 'rename' | 'limit';

function KeyActions({ apiKey: key }: Pick<RowProps, 'apiKey'>) {
  const [question, ask] = useState<Question | undefined>();
  const onSuccess = () => queryClient.invalidateQueries({ queryKey: ['keys'] });
  const path = { params: { path: { key_id: key.id } } };
  const change = useAction({
    mutationFn: (body: { readonly enabled?: boolean; readonly name?: string }) =>
      bodyOf(api.PATCH('/v1/admin/keys/{key_id}', { ...path, body })),
    onSuccess,
  });
  const remove = useAction({
    mutationFn: () => bodyOf(api.DELETE('/v1/admin/keys/{key_id}', path)),
    onSuccess,
  });
  const close = () => ask(undefined);
  const isBusy = change.isPending || remove.isPending;
  const keep = change.unlessRunning(remove.unlessRunning(close));
  const failure = [change.error, remove.error]
    .filter((error) => error !== null)
    .map((error) => <Failure key="failure" what="The key was not changed." error={error} />);
  return (
    <>
      <div className="actions">
        <button type="button" className="quiet" onClick={() => ask('rename')}>
          Rename
        </button>
        {!key.is_session && (
          <button type="button" className="quiet" onClick={() => ask('limit')}>
            Limits
          </button>
        )}
        {key.enabled ? (
          <button type="button" className="quiet" onClick={() => ask('disable')}>
            Disable
          </button>
        ) : (
          <button
            type="button"
            className="quiet"
            aria-disabled={isBusy}
            onClick={() => change.mutate({ enabled: true })}
          >
            Enable
          </button>
        )}
        <button type="button" className="quiet" onClick={() => ask('delete')}>
          Delete
        </button>
      </div>
      {question === undefined && failure}
      {question === 'rename' && (
        <Rename
          name={key.name}
          onRename={(name) => change.mutate({ name }, { onSuccess: close })}
          isBusy={isBusy}
          onClose={keep}
        >
          {failure}
        </Rename>
      )}
      {question === 'limit' && <KeyLimits apiKey={key} onClose={close} />}
      {question === 'disable' && (
        <Confirm
          apiKey={key}
          verb="Disable"
          consequence="It can be enabled again."
          onConfirm={() => change.mutate({ enabled: false }, { onSuccess: close })}
          isBusy={isBusy}
          onClose={keep}
        >
          {failure}
        </Confirm>
      )}
      {question === 'delete' && (
        <Confirm
          apiKey={key}
          verb="Delete"
          consequence="This cannot be undone; disabling can."
          onConfirm={() => remove.mutate(undefined, { onSuccess: close })}
          isBusy={isBusy}
          onClose={keep}
        >
          {failure}
        </Confirm>
      )}
    </>
  );
}

type ConfirmProps = {
  readonly apiKey: Key;
  readonly verb: string;
  readonly consequence: string;
  readonly children: ReactNode;
  readonly isBusy: boolean;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
};

function Confirm(props: ConfirmProps) {
  const { apiKey: key, verb, consequence, children, isBusy, onConfirm, onClose } = props;
  return (
    <Dialog title={`${verb} this key?`} onClose={onClose}>
      <p>
        <strong>
          <Foreign text={key.name} />
        </strong>{' '}
        (…{key.last_four}) creates nothing from then on, and reads nothing within a minute. Its
        running tasks go on. {consequence}
      </p>
      {children}
      <p className="actions">
        <button type="button" className="primary" aria-disabled={isBusy} onClick={onConfirm}>
          {verb}
        </button>
        <button type="button" aria-disabled={isBusy} onClick={onClose}>
          Keep
        </button>
      </p>
    </Dialog>
  );
}

/** What a key has used, in all and today: with a bar where there is a limit. */
function Spent({ apiKey: key }: { readonly apiKey: Key }) {
  const { total_limit_credits: total, daily_limit_credits: daily } = key;
  return (
    <>
      {total === null ? (
        <>{number(key.used_credits)} credits</>
      ) : (
        <Bar spent={key.used_credits + key.reserved_credits} limit={total} />
      )}
      {daily !== null && <Bar spent={key.daily_used_credits ?? 0} limit={daily} isToday={true} />}
    </>
  );
}

type BarProps = {
  readonly spent: number;
  readonly limit: number;
  /** It is the limit for a day. */
  readonly isToday?: boolean;
};

function Bar({ spent, limit, isToday = false }: BarProps) {
  return (
    <label className="spent">
      <meter
        min={0}
        max={Math.max(limit, 0.001)}
        high={limit * 0.8}
        value={spent}
        aria-label={isToday ? 'Used of its limit for today' : 'Used of its limit'}
      />
      <span>
        {number(spent)} of {number(limit)}
        {isToday && ' today'}
      </span>
    </label>
  );
}

type RenameProps = {
  readonly name: string;
  readonly children: ReactNode;
  readonly isBusy: boolean;
  readonly onRename: (name: string) => void;
  readonly onClose: () => void;
};

function Rename({ name, children, isBusy, onRename, onClose }: RenameProps) {
  const [typed, type] = useState(name);
  return (
    <Dialog title="Rename this key" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onRename(typed);
        }}
      >
        <label>
          Name
          <input value={typed} onInput={({ currentTarget }) => type(currentTarget.value)} />
        </label>
        {children}
        <p className="actions">
          <button type="submit" className="primary" aria-disabled={isBusy}>
            Rename
          </button>
          <button type="button" aria-disabled={isBusy} onClick={onClose}>
            Keep the name
          </button>
        </p>
      </form>
    </Dialog>
  );
}
