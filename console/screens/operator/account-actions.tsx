import { useState } from 'react';
import { api, bodyOf } from '../../api/client.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Foreign } from '../../parts/foreign.tsx';
import { ReplaceSecret } from '../../parts/replace-secret.tsx';
import { useAction } from '../../parts/use-action.ts';
import { type Account, changeAccount, refreshAccount } from './account-query.ts';

/** Disables an account after a question, and enables it again. */
export function Switch({ account }: { readonly account: Account }) {
  const [isAsking, ask] = useState(false);
  const change = useAction({
    mutationFn: (enabled: boolean) => changeAccount(account.id, { enabled }),
    onSuccess: () => {
      ask(false);
      return refreshAccount(account.id);
    },
  });
  const close = change.unlessRunning(() => ask(false));
  const failure = change.error && (
    <Failure what="The account was not changed." error={change.error} />
  );
  return (
    <section className="panel">
      <h2>{account.enabled ? 'Enabled' : 'Disabled'}</h2>
      <p>
        {account.enabled
          ? 'Its enabled keys work.'
          : 'None of its keys works. Tasks that had begun went on.'}
      </p>
      {!isAsking && failure}
      <p className="actions">
        {account.enabled ? (
          <button type="button" onClick={() => ask(true)}>
            Disable the account
          </button>
        ) : (
          <button
            type="button"
            aria-disabled={change.isPending}
            onClick={() => change.mutate(true)}
          >
            Enable the account
          </button>
        )}
      </p>
      {isAsking && (
        <Dialog title="Disable this account?" onClose={close}>
          <p>
            None of the keys of{' '}
            <strong>
              <Foreign text={account.id} />
            </strong>{' '}
            creates anything from then on, and none reads anything within a minute. Its running
            tasks go on. It can be enabled again.
          </p>
          {failure}
          <p className="actions">
            <button
              type="button"
              className="primary"
              aria-disabled={change.isPending}
              onClick={() => change.mutate(false)}
            >
              Disable
            </button>
            <button type="button" aria-disabled={change.isPending} onClick={close}>
              Keep
            </button>
          </p>
        </Dialog>
      )}
    </section>
  );
}

const overlaps = [0, 24, 168] as const;
const overlapTexts = { 0: 'not at all', 24: 'for a day', 168: 'for a week' } as const;

/** Replaces the secret that the callbacks of an account are signed with. */
export function RotateSecret({ account }: { readonly account: Account }) {
  const [isAsking, ask] = useState(false);
  const [overlap, setOverlap] = useState<(typeof overlaps)[number]>(24);
  const request = () =>
    bodyOf(
      api.POST('/v1/admin/accounts/{account}/webhook-secret', {
        params: { path: { account: account.id } },
        body: { overlap_hours: overlap },
      }),
    );
  return (
    <section className="panel">
      <h2>Webhook secret</h2>
      <p>Its callbacks are signed with it. It cannot be shown, only replaced.</p>
      <p className="actions">
        <button type="button" onClick={() => ask(true)}>
          Replace the secret
        </button>
      </p>
      {isAsking && (
        <ReplaceSecret request={request} onClose={() => ask(false)}>
          <label>
            Sign with the one before as well
            <select
              value={overlap}
              onChange={({ currentTarget }) =>
                setOverlap(overlaps.find((one) => String(one) === currentTarget.value) ?? 24)
              }
            >
              {overlaps.map((hours) => (
                <option key={hours} value={hours}>
                  {overlapTexts[hours]}
                </option>
              ))}
            </select>
          </label>
        </ReplaceSecret>
      )}
    </section>
  );
}
