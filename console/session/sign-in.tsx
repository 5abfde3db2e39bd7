import { type FormEvent, useEffect, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { ApiError } from '../api/api-error.ts';
import { api, bodyOf, publicApi } from '../api/client.ts';
import { creditsQuery, queryClient } from '../api/queries.ts';
import type { components } from '../api/schema.d.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/failure.tsx';
import { useTitle } from '../parts/use-title.ts';
import { forgetOneTimeCode } from './one-time-link.ts';
import { session, useSession } from './session.ts';

type ConsoleSession = components['schemas']['ConsoleSession'];

/** Asks for an API key, and tries it before it is stored. */
function SignInForm({ hint }: { readonly hint?: string }) {
  const [key, setKey] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const typed = key.trim();
    if (typed === '') return setError(new Error('Enter an API key.'));
    setBusy(true);
    setError(undefined);
    try {
      await signInWith(typed);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit} className="sign-in-form">
      <label>
        API key
        <input
          type="password"
          name="key"
          autoComplete="off"
          placeholder="sk-dr-…"
          value={key}
          aria-invalid={error !== undefined}
          onInput={({ currentTarget }) => setKey(currentTarget.value)}
        />
      </label>
      {error !== undefined && <Failure what={titleOf(error)} error={error} />}
      <button type="submit" className="primary" aria-disabled={isBusy}>
        {isBusy ? 'Checking the key' : 'Sign in'}
      </button>
      {hint !== undefined && <p className="caption">{hint}</p>}
    </form>
  );
}

/** Tries a key, and signs in with it if it works. */
async function signInWith(key: string): Promise<void> {
  const credits = await readCredits(key);
  session.signIn(key, credits.data.token.id);
  queryClient.setQueryData(creditsQuery.queryKey, credits);
  await queryClient.invalidateQueries();
}

/** Signs in with the key of a session without trying it. Its code is used up, so no failed request may lose the key. */
async function takeSession({ api_key, key_id }: ConsoleSession): Promise<void> {
  session.signIn(api_key, key_id);
  await queryClient.invalidateQueries();
}

/** The credits and the scopes of the key. After a temporary failure it is read once more. */
async function readCredits(key: string) {
  const read = () =>
    bodyOf(api.GET('/v1/credits', { headers: { authorization: `Bearer ${key}` } }));
  try {
    return await read();
  } catch (error) {
    if (error instanceof ApiError && error.status >= 500) return read();
    throw error;
  }
}

const titleOf = (error: unknown): string =>
  error instanceof ApiError && (error.status === 401 || error.status === 403)
    ? 'This key does not work.'
    : 'You are not signed in.';

/** The first page of somebody without a key. */
export function SignIn() {
  useTitle('Sign in');
  const local = ['127.0.0.1', 'localhost'].includes(location.hostname);
  return (
    <main className="sign-in" id="content">
      <div className="panel">
        <p className="brand">
          <Lamp /> Darkroom
        </p>
        <h1>Sign in with an API key</h1>
        <p>
          Make pictures from pictures, and see every task: what was asked, what came of it, and what
          it cost.
        </p>
        <SignInForm
          hint={
            local
              ? 'npm start prints a key, beside this address. It stays in this tab until you sign out or close it.'
              : 'Ask whoever runs this service for a key. It stays in this tab until you sign out or close it.'
          }
        />
      </div>
      <p className="caption">
        Programs use the same API: <Link href="/docs">its documentation</Link>, and{' '}
        <a href="/openapi.json">the OpenAPI document</a>.
      </p>
    </main>
  );
}

/** The operator has opened a link: its code is exchanged for a session, once. */
export function OneTimeSignIn({ code }: { readonly code: string }) {
  useTitle('Sign in');
  const [error, setError] = useState<unknown>();
  const [, go] = useLocation();
  useEffect(() => {
    let isCurrent = true;
    setError(undefined);
    bodyOf(publicApi.POST('/v1/console/sessions', { body: { code } }))
      .then(async (opened) => {
        await takeSession(opened);
        if (!isCurrent) return;
        go('/console/operator', { replace: true });
        forgetOneTimeCode();
      })
      .catch((failure: unknown) => isCurrent && setError(failure));
    return () => {
      isCurrent = false;
    };
  }, [code, go]);
  return (
    <main className="sign-in" id="content">
      <div className="panel">
        <p className="brand">
          <Lamp /> Darkroom
        </p>
        <h1>Sign in as the operator</h1>
        {error === undefined ? (
          <p role="status">Signing in</p>
        ) : (
          <Failure what="You are not signed in." error={error} />
        )}
        {error !== undefined && (
          <button type="button" onClick={forgetOneTimeCode}>
            Go on without the link
          </button>
        )}
      </div>
    </main>
  );
}

/** The sign-in in front of the open page, so that no input is lost. */
export function SignInAgain() {
  const { interrupted } = useSession();
  if (interrupted === undefined) return null;
  return (
    <Dialog title="Sign in again">
      <p>
        {interrupted === 'idle'
          ? 'Nobody has used this page for half an hour.'
          : 'The API does not take your key any more: it has expired, or somebody has disabled or deleted it.'}{' '}
        What you have entered is kept for the same key; another one begins with an empty page.
      </p>
      <SignInForm />
      <button type="button" className="quiet" onClick={() => session.signOut()}>
        Sign out and leave this page
      </button>
    </Dialog>
  );
}

export function Lamp() {
  return (
    <svg className="lamp" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      <circle cx="10" cy="10" r="8" />
      <circle cx="10" cy="10" r="3" className="lamp-centre" />
    </svg>
  );
}
