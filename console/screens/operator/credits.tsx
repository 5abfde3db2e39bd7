import { type FormEvent, useState } from 'react';
import { Dialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Foreign } from '../../parts/foreign.tsx';
import { credits } from '../../parts/format.ts';
import type { Account } from './account-query.ts';
import type { Grant } from './grants.ts';
import { useGrant } from './use-grant.ts';

/** Grants credits, or withdraws them after a question. */
export function Credits({ account }: { readonly account: Account }) {
  const [amount, setAmount] = useState('');
  const [note, setNote] = useState('');
  const [problem, setProblem] = useState<string | undefined>();
  const [withdrawal, ask] = useState<Grant | undefined>();
  const grant = useGrant(account.id);
  const clear = { onSuccess: () => setAmount('') };
  const begin = (sign: 1 | -1, go: (body: Grant) => void) => {
    const isAmount = /^\d+(\.\d{1,3})?$/.test(amount) && Number(amount) > 0;
    setProblem(isAmount ? undefined : 'Credits are a number with at most three decimals.');
    if (!isAmount || grant.isBusy) return;
    go({ credits: sign * Number(amount), ...(note.trim() !== '' && { note: note.trim() }) });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    begin(1, (body) => grant.mutate(body, clear));
  };
  if (grant.open?.error !== undefined) {
    return (
      <section className="panel">
        <h2>Credits</h2>
        <Unclear
          grant={grant.open.grant}
          error={grant.open.error}
          isBusy={grant.isBusy}
          onRepeat={() => grant.mutate(undefined, clear)}
          onDrop={() => {
            setAmount('');
            grant.drop();
          }}
        />
      </section>
    );
  }
  return (
    <section className="panel">
      <h2>Credits</h2>
      <form className="sign-in-form" noValidate onSubmit={submit}>
        <div className="pair">
          <label>
            How many
            <input
              inputMode="decimal"
              autoComplete="off"
              value={amount}
              aria-invalid={problem !== undefined}
              onInput={({ currentTarget }) => setAmount(currentTarget.value.trim())}
            />
          </label>
          <label>
            For what
            <input
              autoComplete="off"
              maxLength={200}
              placeholder="kept in its entry"
              value={note}
              onInput={({ currentTarget }) => setNote(currentTarget.value)}
            />
          </label>
        </div>
        {problem !== undefined && (
          <p className="warning" role="alert">
            {problem}
          </p>
        )}
        {grant.error && <Failure what="Nothing was booked." error={grant.error} />}
        {grant.data && !grant.isPending && (
          <p role="status">
            {grant.data.amount_credits < 0 ? 'Withdrawn' : 'Granted'}:{' '}
            {credits(Math.abs(grant.data.amount_credits))}.
          </p>
        )}
        <p className="actions">
          <button type="submit" className="primary" aria-disabled={grant.isBusy}>
            Grant
          </button>
          <button type="button" aria-disabled={grant.isBusy} onClick={() => begin(-1, ask)}>
            Withdraw
          </button>
        </p>
      </form>
      {withdrawal && (
        <Withdrawal
          account={account.id}
          grant={withdrawal}
          isBusy={grant.isBusy}
          onConfirm={() => grant.mutate(withdrawal, { ...clear, onSettled: () => ask(undefined) })}
          onClose={grant.unlessRunning(() => ask(undefined))}
        />
      )}
    </section>
  );
}

type UnclearProps = {
  readonly grant: Grant;
  readonly error: unknown;
  readonly isBusy: boolean;
  readonly onRepeat: () => void;
  readonly onDrop: () => void;
};

/** Shown in place of the form, because another grant, even the same with another note, might count a second time. */
function Unclear({ grant, error, isBusy, onRepeat, onDrop }: UnclearProps) {
  return (
    <>
      <Failure what="It is not certain that this was booked." error={error} />
      <p>
        {grant.credits < 0 ? 'To withdraw' : 'To grant'}:{' '}
        <strong>{credits(Math.abs(grant.credits))}</strong>
        {grant.note !== undefined && (
          <>
            , <Foreign text={grant.note} />
          </>
        )}
      </p>
      <p className="caption">
        However often it is sent again, it counts once. Discard it when the statement has it, or
        when you do not want it any more: the next grant is a new one.
      </p>
      <p className="actions">
        <button type="button" className="primary" aria-disabled={isBusy} onClick={onRepeat}>
          Send it again
        </button>
        <button type="button" aria-disabled={isBusy} onClick={onDrop}>
          Discard it
        </button>
      </p>
    </>
  );
}

type WithdrawalProps = {
  readonly account: string;
  readonly grant: Grant;
  readonly isBusy: boolean;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
};

function Withdrawal({ account, grant, isBusy, onConfirm, onClose }: WithdrawalProps) {
  return (
    <Dialog title={`Withdraw ${credits(-grant.credits)}?`} onClose={onClose}>
      <p>
        They are taken from the balance of{' '}
        <strong>
          <Foreign text={account} />
        </strong>
        .
      </p>
      <p className="actions">
        <button type="button" className="primary" aria-disabled={isBusy} onClick={onConfirm}>
          Withdraw
        </button>
        <button type="button" aria-disabled={isBusy} onClick={onClose}>
          Keep
        </button>
      </p>
    </Dialog>
  );
}
