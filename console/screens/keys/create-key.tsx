import type { InfiniteData } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api, bodyOf } from '../../api/client.ts';
import { type Key, queryClient, type Scope } from '../../api/queries.ts';
import type { components } from '../../api/schema.d.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { showOnce } from '../../parts/shown-once.tsx';
import { useAction } from '../../parts/use-action.ts';
import { scopeTexts } from '../../session/rights.ts';

type KeyList = components['schemas']['KeyList'];

/** The scopes that a key made here can have: with `manage` one can make keys that read and generate, and no others. */
const givable: readonly Scope[] = ['generate', 'read'];

const withoutSecret = ({ api_key, ...key }: Key & { readonly api_key: string }): Key => key;

/** Shows a new key in the list at once, without the key itself. */
const addToList = (key: Key, account: string | undefined) =>
  queryClient.setQueryData<InfiniteData<KeyList>>(['keys', account], (list) =>
    list?.pages[0]
      ? {
          ...list,
          pages: [{ ...list.pages[0], data: [key, ...list.pages[0].data] }, ...list.pages.slice(1)],
        }
      : list,
  );

type Props = {
  /** Without it, the account of the key that is signed in. */
  readonly account?: string;
  readonly offered?: readonly Scope[];
  readonly onClose: () => void;
};

/** Makes a key, which is shown once. */
export function CreateKey({ account, offered = givable, onClose }: Props) {
  const [name, setName] = useState('');
  const [scope, setScope] = useState<Scope>('generate');
  const [limit, setLimit] = useState('');
  const [dailyLimit, setDailyLimit] = useState('');
  const [days, setDays] = useState('');
  const [problem, setProblem] = useState<string | undefined>();
  const create = useAction({
    mutationFn: () =>
      showOnce(
        bodyOf(
          api.POST('/v1/admin/keys', {
            body: {
              name,
              scopes: [scope],
              ...(account !== undefined && { account }),
              ...(limit !== '' && { total_limit_credits: Number(limit) }),
              ...(dailyLimit !== '' && { daily_limit_credits: Number(dailyLimit) }),
              ...(days !== '' && {
                expires_at: Math.floor(Date.now() / 1000) + Number(days) * 86_400,
              }),
            },
          }),
        ),
        ({ api_key }) => ({
          title: 'Your new key',
          secret: api_key,
          name: 'key',
          children: 'Copy it now: it is not shown again.',
          whenLost: 'If it gets lost, delete it and create another one.',
        }),
      ),
    onSuccess: (made) => {
      if (made) addToList(withoutSecret(made), account);
      onClose();
    },
  });
  const cancel = create.unlessRunning(onClose);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wrong = [limit, dailyLimit, days].some(
      (text) => text !== '' && !/^\d+(\.\d+)?$/.test(text),
    );
    const found =
      name.trim() === '' ? 'Give it a name.' : wrong ? 'Limits and days are numbers.' : undefined;
    setProblem(found);
    if (found === undefined) create.mutate();
  };

  return (
    <Dialog title="Create a key" onClose={cancel}>
      <form onSubmit={submit} noValidate>
        <label>
          Name
          <input
            name="name"
            value={name}
            placeholder="website"
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
        </label>
        <fieldset className="choices">
          <legend>What it may do</legend>
          {offered.map((one) => (
            <label key={one} className="check">
              <input
                type="radio"
                name="scope"
                checked={scope === one}
                onChange={() => setScope(one)}
              />
              <span>
                <code>{one}</code> <span className="soft">{scopeTexts[one]}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <details className="more">
          <summary>Limits</summary>
          <label>
            Credits in all
            <input
              inputMode="decimal"
              placeholder="no limit"
              value={limit}
              onInput={({ currentTarget }) => setLimit(currentTarget.value.trim())}
            />
          </label>
          <label>
            Credits a day (UTC)
            <input
              inputMode="decimal"
              placeholder="no limit"
              value={dailyLimit}
              onInput={({ currentTarget }) => setDailyLimit(currentTarget.value.trim())}
            />
          </label>
          <label>
            Ends after days
            <input
              inputMode="numeric"
              placeholder="never"
              value={days}
              onInput={({ currentTarget }) => setDays(currentTarget.value.trim())}
            />
          </label>
        </details>
        {problem !== undefined && (
          <p className="warning" role="alert">
            {problem}
          </p>
        )}
        {create.error && (
          <Failure
            what="The key was not made."
            whenUnclear="It is not certain that the key was made. If it is in the list, delete it: nobody has seen it."
            error={create.error}
          />
        )}
        <p className="actions">
          <button type="submit" className="primary" aria-disabled={create.isPending}>
            Create
          </button>
          <button type="button" aria-disabled={create.isPending} onClick={cancel}>
            Cancel
          </button>
        </p>
      </form>
    </Dialog>
  );
}
