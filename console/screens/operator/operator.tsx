import { Link, Route, Switch, useLocation } from 'wouter';
import { Loading } from '../../parts/loading.tsx';
import { useTitle } from '../../parts/use-title.ts';
import { useRights } from '../../session/rights.ts';
import { AccountPage } from './account-page.tsx';
import { Accounts } from './accounts.tsx';
import { AdminTaskPage } from './admin-task-page.tsx';
import { AdminTasks } from './admin-tasks.tsx';
import { AllKeys } from './all-keys.tsx';
import { Audit } from './audit.tsx';
import { KeyPage } from './key-page.tsx';
import { Overview } from './overview.tsx';
import { Providers } from './providers.tsx';

const pages = [
  ['/console/operator', 'Overview'],
  ['/console/operator/accounts', 'Accounts'],
  ['/console/operator/keys', 'All keys'],
  ['/console/operator/tasks', 'All tasks'],
  ['/console/operator/providers', 'Providers'],
  ['/console/operator/audit', 'Audit'],
] as const;

/** The other paths begin with that of the first page, so only an exact match is the first page. */
const isAt = (path: string, to: string): boolean =>
  path === to || (to !== '/console/operator' && path.startsWith(`${to}/`));

/** The screens of the operator, for a key with the scope `admin`. The API refuses their data to any other key. */
export function Operator() {
  const rights = useRights();
  const [path] = useLocation();
  if (!rights.isKnown) return <Loading what="the operator’s screens" />;
  if (!rights.isOperator) return <NotForThisKey />;
  return (
    <>
      <nav aria-label="Operator" className="pages">
        {pages.map(([to, name]) => (
          <Link key={to} href={to} aria-current={isAt(path, to) ? 'page' : undefined}>
            {name}
          </Link>
        ))}
      </nav>
      <Switch>
        <Route path="/console/operator" component={Overview} />
        <Route path="/console/operator/accounts" component={Accounts} />
        <Route path="/console/operator/accounts/:id">{({ id }) => <AccountPage id={id} />}</Route>
        <Route path="/console/operator/keys" component={AllKeys} />
        <Route path="/console/operator/keys/:id">{({ id }) => <KeyPage id={id} />}</Route>
        <Route path="/console/operator/tasks" component={AdminTasks} />
        <Route path="/console/operator/tasks/:id">{({ id }) => <AdminTaskPage id={id} />}</Route>
        <Route path="/console/operator/providers" component={Providers} />
        <Route path="/console/operator/audit" component={Audit} />
        <Route>
          <section className="panel empty">
            <h1>There is no such page</h1>
          </section>
        </Route>
      </Switch>
    </>
  );
}

function NotForThisKey() {
  useTitle('Operator');
  return (
    <section className="panel empty">
      <h1>These screens are the operator’s</h1>
      <p>
        They need a key with the scope <code>admin</code>.
      </p>
    </section>
  );
}
