import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { ApiError } from '../../api/api-error.ts';
import type { Scope } from '../../api/queries.ts';
import { Failure } from '../../parts/failure.tsx';
import { Foreign } from '../../parts/foreign.tsx';
import { localDay, number } from '../../parts/format.ts';
import { Loading } from '../../parts/loading.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { useTitle } from '../../parts/use-title.ts';
import { useRights } from '../../session/rights.ts';
import { CreateKey } from '../keys/create-key.tsx';
import { KeyList } from '../keys/keys.tsx';
import { RotateSecret, Switch } from './account-actions.tsx';
import { Limits } from './account-limits.tsx';
import { type Account, accountQuery } from './account-query.ts';
import { Credits } from './credits.tsx';
import { Statement } from './statement.tsx';
import { useFilters } from './use-filters.ts';

const views = ['Account', 'Keys', 'Statement'] as const;

/** One account: its credits, its limits, its keys, and every entry of its ledger. */
export function AccountPage({ id }: { readonly id: string }) {
  useTitle(`Account ${id}`);
  const { data: account, error, refetch } = useQuery(accountQuery(id));
  const failure = error && (
    <Failure what="The account could not be read." error={error} onRetry={() => refetch()} />
  );
  if (account) {
    return (
      <>
        {failure}
        <Sheet account={account} />
      </>
    );
  }
  if (error instanceof ApiError && [400, 404].includes(error.status)) return <Unknown id={id} />;
  return failure ?? <Loading what="the account" lines={8} />;
}

function Sheet({ account }: { readonly account: Account }) {
  const filters = useFilters(['view']);
  const view = filters.oneOf('view', views) ?? 'Account';
  const inAccount = `?account=${account.id}`;
  return (
    <article className="task">
      <header>
        <p>
          <Link href="/console/operator/accounts">Accounts</Link>
        </p>
        <h1>
          <Foreign text={account.id} />
        </h1>
        <p className="actions">
          <span className="soft">
            {account.enabled ? 'enabled' : 'disabled: none of its keys works'} · group{' '}
            <Foreign text={account.user_group} /> · since {localDay(account.created)}
          </span>
          <Link href={`/console/operator/tasks${inAccount}`}>Its tasks</Link>
          <Link href={`/console/operator/audit${inAccount}`}>What was done to it</Link>
        </p>
      </header>
      <Totals account={account} />
      <Tabs
        label="Parts of the account"
        options={views}
        chosen={view}
        onChoose={(chosen) => filters.change('view', chosen === 'Account' ? undefined : chosen)}
      >
        {view === 'Account' && (
          <div className="task-columns">
            <div>
              <Credits account={account} />
              <Limits account={account} />
            </div>
            <div>
              <Switch account={account} />
              <RotateSecret account={account} />
            </div>
          </div>
        )}
        {view === 'Keys' && <Keys account={account.id} />}
        {view === 'Statement' && <Statement account={account.id} />}
      </Tabs>
    </article>
  );
}

function Totals({ account: { credits, tasks_in_flight } }: { readonly account: Account }) {
  const numbers = [
    ['Balance', credits.balance],
    ['Reserved', credits.reserved],
    ['Used', credits.used],
    ['Granted', credits.granted],
    ['Tasks in flight', tasks_in_flight],
  ] as const;
  return (
    <dl className="totals">
      {numbers.map(([name, value]) => (
        <div key={name} className="panel">
          <dt>{name}</dt>
          <dd>{number(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The operator may give any scope. */
const givable: readonly Scope[] = ['generate', 'read', 'manage', 'admin'];

function Keys({ account }: { readonly account: string }) {
  const { keyId } = useRights();
  const [isCreating, create] = useState(false);
  return (
    <div className="stack">
      <p className="actions">
        <button type="button" className="primary" onClick={() => create(true)}>
          Create a key
        </button>
      </p>
      <KeyList ownId={keyId} account={account} />
      {isCreating && (
        <CreateKey account={account} offered={givable} onClose={() => create(false)} />
      )}
    </div>
  );
}

function Unknown({ id }: { readonly id: string }) {
  return (
    <section className="panel empty">
      <h1>There is no such account</h1>
      <p>
        Nothing is called <Foreign text={id} />.{' '}
        <Link href="/console/operator/accounts">All accounts</Link>
      </p>
    </section>
  );
}
