import { useRef, useState } from 'react';
import { ApiError } from '../../api/api-error.ts';
import { api, bodyOf } from '../../api/client.ts';
import { Failure } from '../../parts/failure.tsx';
import { credits } from '../../parts/format.ts';
import { useAction } from '../../parts/use-action.ts';
import { type Account, refreshAccount } from './account-query.ts';

const newKey = (): string =>
  `console-${Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;

type Request = { readonly credits: number; readonly note?: string };

/**
 * Sends a grant. When nobody knows whether it was taken, the same one is sent again with the same key, so that it counts
 * once; another amount is another grant.
 */
function useGrant(account: string) {
  const unclear = useRef<{ readonly of: string; readonly key: string } | undefined>(undefined);
  return useAction({
    mutationFn: async (body: Request) => {
      const of = JSON.stringify(body);
      const key = unclear.current?.of === of ? unclear.current.key : newKey();
      unclear.current = { of, key };
      const params = { path: { account }, header: { 'Idempotency-Key': key } };
      try {
        const entry = await bodyOf(
          api.POST('/v1/admin/accounts/{account}/credits', { params, body }),
        );
        unclear.current = undefined;
        return entry;
      } catch (error) {
        if (error instanceof ApiError && !error.isTemporary) unclear.current = undefined;
        throw error;
      }
    },
    onSettled: () => refreshAccount(account),
  });
}

/** Grants credits, or withdraws them. */
export function Credits({ account }: { readonly account: Account }) {
  const [amount, setAmount] = useState('');
  const [note, setNote] = useState('');
  const [problem, setProblem] = useState<string | undefined>();
  const grant = useGrant(account.id);
  const send = (sign: 1 | -1) => {
    const isAmount = /^\d+(\.\d{1,3})?$/.test(amount) && Number(amount) > 0;
    setProblem(isAmount ? undefined : 'Credits are a number with at most three decimals.');
    if (!isAmount || grant.isPending) return;
    grant.mutate(
      { credits: sign * Number(amount), ...(note.trim() !== '' && { note: note.trim() }) },
      { onSuccess: () => setAmount('') },
    );
  };
  return (
    <section className="panel">
      <h2>Credits</h2>
      <form
        className="sign-in-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          send(1);
        }}
      >
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
        {grant.error && (
          <Failure what="It is not certain that this was booked." error={grant.error} />
        )}
        {grant.data && !grant.isPending && (
          <p role="status">
            {grant.data.amount_credits < 0 ? 'Withdrawn' : 'Granted'}:{' '}
            {credits(Math.abs(grant.data.amount_credits))}.
          </p>
        )}
        <p className="actions">
          <button type="submit" className="primary" aria-disabled={grant.isPending}>
            Grant
          </button>
          <button type="button" aria-disabled={grant.isPending} onClick={() => send(-1)}>
            Withdraw
          </button>
        </p>
      </form>
    </section>
  );
}
