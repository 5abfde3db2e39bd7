import { useQuery } from '@tanstack/react-query';
import { Component, lazy, type ReactNode, Suspense, useSyncExternalStore } from 'react';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';
import { creditsQuery } from './api/queries.ts';
import { Foreign } from './parts/foreign.tsx';
import { credits } from './parts/format.ts';
import { Loading } from './parts/loading.tsx';
import { ShownOnce } from './parts/shown-once.tsx';
import { ThemeChoice } from './parts/theme-choice.tsx';
import { Create } from './screens/create/create.tsx';
import { useOneTimeCode } from './session/one-time-link.ts';
import { useRights } from './session/rights.ts';
import { session, useSession } from './session/session.ts';
import { Lamp, OneTimeSignIn, SignIn, SignInAgain } from './session/sign-in.tsx';
import { testKeyPrefix } from './session/test-key.ts';

// Every screen but the first is loaded when it is opened.
const Tasks = lazy(async () => ({ default: (await import('./screens/tasks/tasks.tsx')).Tasks }));
const TaskPage = lazy(async () => ({
  default: (await import('./screens/task/task-page.tsx')).TaskPage,
}));
const Keys = lazy(async () => ({ default: (await import('./screens/keys/keys.tsx')).Keys }));
const Webhooks = lazy(async () => ({
  default: (await import('./screens/webhooks/webhooks.tsx')).Webhooks,
}));
const UsagePage = lazy(async () => ({
  default: (await import('./screens/usage/usage.tsx')).UsagePage,
}));
const Operator = lazy(async () => ({
  default: (await import('./screens/operator/operator.tsx')).Operator,
}));
const Docs = lazy(async () => ({ default: (await import('./screens/docs/docs.tsx')).Docs }));

const screens = [
  ['/console', 'Create', 'M10 4v12M4 10h12'],
  ['/console/tasks', 'Tasks', 'M4 6h12M4 10h12M4 14h8'],
  ['/console/webhooks', 'Webhooks', 'M4 10h8M9 6l4 4-4 4M16 5v10'],
  ['/console/keys', 'Keys', 'M7 13a3 3 0 1 1 2.6-4.5L16 8.5v3M13 8.5v2'],
  ['/console/usage', 'Usage', 'M4 16V9M10 16V4M16 16v-5'],
  ['/docs', 'Docs', 'M10 6c-2-2-5-2-7-1v11c2-1 5-1 7 1 2-2 5-2 7-1V5c-2-1-5-1-7 1v11'],
] as const;

/** Only for a key with the scope `admin`. */
const operatorScreen = [
  '/console/operator',
  'Operator',
  'M10 3l6 3v4c0 4-3 6-6 7-3-1-6-3-6-7V6z',
] as const;

export function App() {
  const { key, owner, interrupted } = useSession();
  const [path] = useLocation();
  const code = useOneTimeCode();
  const isSignedOut = key === undefined && interrupted === undefined;
  // The documentation can be read without a key.
  const isDocs = path === '/docs' || path.startsWith('/docs/');
  if (code !== undefined) return <OneTimeSignIn code={code} />;
  if (isSignedOut && !isDocs) return <SignIn />;
  return (
    // Another key gets new screens, so that it sees no state of the key before.
    <div className="frame" key={owner}>
      <a className="skip" href="#content">
        Skip to content
      </a>
      {isSignedOut ? <PublicNavigation /> : <Navigation />}
      <div className="page">
        <Offline />
        <main id="content" tabIndex={-1}>
          {/* The documentation is one screen with many addresses, so that its search is kept. */}
          <ErrorBoundary key={isDocs ? '/docs' : path}>
            <Suspense fallback={<Loading what="the screen" />}>
              <Switch>
                <Route path="/console" component={Create} />
                <Route path="/console/tasks" component={Tasks} />
                <Route path="/console/tasks/:id">{({ id }) => <TaskPage id={id} />}</Route>
                <Route path="/console/webhooks" component={Webhooks} />
                <Route path="/console/keys" component={Keys} />
                <Route path="/console/usage" component={UsagePage} />
                <Route path="/console/operator/*?" component={Operator} />
                <Route path="/docs/:page?">{({ page }) => <Docs page={page} />}</Route>
                <Route path="/">
                  <Redirect to="/console" replace />
                </Route>
                <Route>
                  <NotFound />
                </Route>
              </Switch>
            </Suspense>
          </ErrorBoundary>
        </main>
      </div>
      <ShownOnce />
      <SignInAgain />
    </div>
  );
}

function Navigation() {
  const [path] = useLocation();
  const { key } = useSession();
  const { data } = useQuery(creditsQuery);
  const { keyName, isOperator } = useRights();
  const isHere = (to: string) =>
    to === '/console' ? path === to : path === to || path.startsWith(`${to}/`);
  return (
    <nav className="bar" aria-label="Screens">
      <Link href="/console" className="brand" aria-label="Darkroom">
        <Lamp /> <span>Darkroom</span>
      </Link>
      <ul>
        {[...screens, ...(isOperator ? [operatorScreen] : [])].map(([to, name, icon]) => (
          <li key={to}>
            <Link href={to} aria-current={isHere(to) ? 'page' : undefined}>
              <svg className="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
                <path d={icon} />
              </svg>
              <span>{name}</span>
            </Link>
          </li>
        ))}
      </ul>
      <div className="who">
        {key?.startsWith(testKeyPrefix) && (
          <p className="caption">
            <strong>Test mode</strong>
          </p>
        )}
        {data && (
          <p>
            <strong>{credits(data.token.remaining_credits)}</strong> left
          </p>
        )}
        {keyName !== undefined && (
          <p className="caption">
            Key <Foreign text={keyName} lines={1} />
          </p>
        )}
        <ThemeChoice />
        <button type="button" className="quiet" onClick={session.signOut}>
          Sign out
        </button>
      </div>
    </nav>
  );
}

/** For somebody without a key, who reads the documentation. */
function PublicNavigation() {
  return (
    <nav className="bar" aria-label="Screens">
      <Link href="/docs" className="brand" aria-label="Darkroom">
        <Lamp /> <span>Darkroom</span>
      </Link>
      <div className="who">
        <ThemeChoice />
        <Link href="/console">Sign in</Link>
      </div>
    </nav>
  );
}

const subscribeToNetwork = (listener: () => void) => {
  addEventListener('online', listener);
  addEventListener('offline', listener);
  return () => {
    removeEventListener('online', listener);
    removeEventListener('offline', listener);
  };
};

function Offline() {
  const isOnline = useSyncExternalStore(subscribeToNetwork, () => navigator.onLine);
  return (
    <div role="status" className={isOnline ? undefined : 'offline'}>
      {isOnline ? '' : 'You are offline. Nothing is lost.'}
    </div>
  );
}

function NotFound() {
  return (
    <section className="panel empty">
      <h1>There is no such page</h1>
      <p>
        <Link href="/console">Make a picture</Link>, or look at{' '}
        <Link href="/console/tasks">the tasks</Link>.
      </p>
    </section>
  );
}

type ErrorBoundaryProps = { readonly children: ReactNode };

/**
 * When one screen breaks, the others still work. A screen breaks, for example, when its script belongs to an older build
 * and is gone.
 */
class ErrorBoundary extends Component<ErrorBoundaryProps, { readonly failed: boolean }> {
  override state = { failed: false };

  static override getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <section className="panel empty" role="alert">
        <h1>This screen could not be shown</h1>
        <p>There may be a new version of this page. What you have typed is kept.</p>
        <button type="button" className="primary" onClick={() => location.reload()}>
          Reload
        </button>
      </section>
    );
  }
}
