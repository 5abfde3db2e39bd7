import { type FormEvent, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { api, bodyOf } from '../../api/client.ts';
import { queryClient } from '../../api/queries.ts';
import type { components } from '../../api/schema.d.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Foreign } from '../../parts/foreign.tsx';
import { number } from '../../parts/format.ts';
import { showOnce } from '../../parts/shown-once.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useTitle } from '../../parts/use-title.ts';
import { type Column, Listed } from './listed.tsx';
import { usePages } from './use-pages.ts';

type Account = components['schemas']['Account'];

const pageSize = 50;
const pollMs = 15_000;

/** All accounts, with their credits and their tasks in flight. */
export function Accounts() {
  useTitle('Accounts');
  const [isCreating, create] = useState(false);
  const pages = usePages({
    queryKey: ['accounts'],
    read: (cursor, signal) =>
      bodyOf(
        api.GET('/v1/admin/accounts', {
          signal,
          params: { query: { limit: pageSize, ...cursor } },
        }),
      ),
    everyMs: pollMs,
  });
  return (
    <>
      <header className="screen-head">
        <h1>Accounts</h1>
        <OpenAccount />
        <button type="button" className="primary" onClick={() => create(true)}>
          Create an account
        </button>
      </header>
      <Listed
        pages={pages}
        what="accounts"
        whenEmpty="There is no account yet."
        columns={columns}
        keyOf={({ id }) => id}
        isDisabled={({ enabled }) => !enabled}
      />
      {isCreating && <CreateAccount onClose={() => create(false)} />}
    </>
  );
}

const columns: readonly Column<Account>[] = [
  {
    name: 'Account',
    of: ({ id, enabled }) => (
      <Link href={`/console/operator/accounts/${id}`} className="row-link">
        <Foreign text={id} lines={1} />
        {!enabled && <span className="caption">disabled</span>}
      </Link>
    ),
  },
  { name: 'Group', of: ({ user_group }) => <Foreign text={user_group} lines={1} /> },
  { name: 'Balance', isAmount: true, of: ({ credits }) => number(credits.balance) },
  { name: 'Reserved', isAmount: true, of: ({ credits }) => number(credits.reserved) },
  { name: 'Used', isAmount: true, of: ({ credits }) => number(credits.used) },
  {
    name: 'In flight',
    isAmount: true,
    of: ({ tasks_in_flight, limits }) =>
      `${number(tasks_in_flight)} of ${number(limits.tasks_in_flight)}`,
  },
  { name: 'Created', of: ({ created }) => <TimeAgo at={created} /> },
];

/** Opens an account by its name, so that nobody has to search a long list. */
function OpenAccount() {
  const [, go] = useLocation();
  const [id, setId] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const typed = id.trim();
    if (typed !== '') go(`/console/operator/accounts/${encodeURIComponent(typed)}`);
  };
  return (
    <form className="with-button" onSubmit={submit}>
      <input
        type="search"
        aria-label="Name of an account"
        placeholder="its name"
        value={id}
        onInput={({ currentTarget }) => setId(currentTarget.value)}
      />
      <button type="submit">Open</button>
    </form>
  );
}

function CreateAccount({ onClose }: { readonly onClose: () => void }) {
  const [id, setId] = useState('');
  const [group, setGroup] = useState('');
  const create = useAction({
    mutationFn: () =>
      showOnce(
        bodyOf(
          api.POST('/v1/admin/accounts', {
            body: { id: id.trim(), ...(group.trim() !== '' && { user_group: group.trim() }) },
          }),
        ),
        (made) => ({
          title: 'The account is made',
          secret: made.webhook_secret,
          name: 'secret',
          children:
            'Its callbacks are signed with this secret. Copy it now: it is not shown again, only replaced.',
          whenLost: 'If it gets lost, replace it on the page of the account.',
          next: `/console/operator/accounts/${made.id}`,
        }),
      ),
    // The secret is shown at once, before the list is read.
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: ['accounts'] });
      onClose();
    },
  });
  const cancel = create.unlessRunning(onClose);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Dialog title="Create an account" onClose={cancel}>
      <form onSubmit={submit} noValidate>
        <label>
          Name, which never changes
          <input
            value={id}
            placeholder="studio"
            onInput={({ currentTarget }) => setId(currentTarget.value)}
          />
        </label>
        <label>
          Group
          <input
            value={group}
            placeholder="default"
            onInput={({ currentTarget }) => setGroup(currentTarget.value)}
          />
        </label>
        <p className="caption">
          It begins without credits and without a key. Limits and a budget are on its page.
        </p>
        {create.error && (
          <Failure
            what="The account was not made."
            whenUnclear="It is not certain that the account was made. If it is in the list, replace its secret, which nobody has seen."
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
