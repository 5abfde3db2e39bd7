import { type FormEvent, useState } from 'react';
import { api, bodyOf } from '../../api/client.ts';
import { type Key, queryClient } from '../../api/queries.ts';
import type { components } from '../../api/schema.d.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { localTime } from '../../parts/format.ts';
import { useAction } from '../../parts/use-action.ts';

type Change = components['schemas']['KeyPatch'];

const amount = /^\d+(\.\d{1,3})?$/;
const textOf = (limit: number | null): string => (limit === null ? '' : String(limit));
const limitOf = (text: string): number | null => (text === '' ? null : Number(text));

/** Changes what a key may spend, and until when it works. An empty field is no limit. */
export function KeyLimits({
  apiKey: key,
  onClose,
}: {
  readonly apiKey: Key;
  readonly onClose: () => void;
}) {
  const [total, setTotal] = useState(textOf(key.total_limit_credits));
  const [daily, setDaily] = useState(textOf(key.daily_limit_credits));
  const [days, setDays] = useState('');
  const [isEndless, setEndless] = useState(key.expires_at === null);
  const [problem, setProblem] = useState<string | undefined>();
  const change = useAction({
    mutationFn: (body: Change) =>
      bodyOf(api.PATCH('/v1/admin/keys/{key_id}', { params: { path: { key_id: key.id } }, body })),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: ['keys'] });
      onClose();
    },
  });
  const cancel = change.unlessRunning(onClose);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const found = problemOf(key, { total, daily, days, isEndless });
    setProblem(found);
    if (found !== undefined) return;
    const body = changeOf(key, {
      total_limit_credits: limitOf(total),
      daily_limit_credits: limitOf(daily),
      expires_at: endOf(key, isEndless, days),
    });
    if (Object.keys(body).length === 0) cancel();
    else change.mutate(body);
  };
  return (
    <Dialog title="Limits of this key" onClose={cancel}>
      <form onSubmit={submit} noValidate>
        <label>
          Credits in all
          <input
            inputMode="decimal"
            placeholder="no limit"
            value={total}
            onInput={({ currentTarget }) => setTotal(currentTarget.value.trim())}
          />
        </label>
        <label>
          Credits a day ({key.reset_timezone})
          <input
            inputMode="decimal"
            placeholder="no limit"
            value={daily}
            onInput={({ currentTarget }) => setDaily(currentTarget.value.trim())}
          />
        </label>
        <label className="check">
          <input
            type="checkbox"
            checked={isEndless}
            onChange={({ currentTarget }) => setEndless(currentTarget.checked)}
          />
          It never ends
        </label>
        {!isEndless && (
          <label>
            Ends after days, from now
            <input
              inputMode="numeric"
              placeholder={
                key.expires_at === null ? undefined : `now: ${localTime(key.expires_at)}`
              }
              value={days}
              onInput={({ currentTarget }) => setDays(currentTarget.value.trim())}
            />
          </label>
        )}
        {problem !== undefined && (
          <p className="warning" role="alert">
            {problem}
          </p>
        )}
        {change.error && <Failure what="The limits were not changed." error={change.error} />}
        <p className="actions">
          <button type="submit" className="primary" aria-disabled={change.isPending}>
            Save
          </button>
          <button type="button" aria-disabled={change.isPending} onClick={cancel}>
            Cancel
          </button>
        </p>
      </form>
    </Dialog>
  );
}

type Form = {
  readonly total: string;
  readonly daily: string;
  readonly days: string;
  readonly isEndless: boolean;
};

/** What is wrong with the input. A key without an end needs a number of days to get one. */
function problemOf(key: Key, { total, daily, days, isEndless }: Form): string | undefined {
  const areAmounts = [total, daily].every((text) => text === '' || amount.test(text));
  if (!areAmounts || !/^\d*$/.test(days)) return 'Limits and days are numbers.';
  const hasNoEnd = !isEndless && key.expires_at === null && days === '';
  return hasNoEnd ? 'Say after how many days it ends.' : undefined;
}

type Limits = Pick<Key, 'total_limit_credits' | 'daily_limit_credits' | 'expires_at'>;

/** The limits that have changed. */
const changeOf = (key: Key, { total_limit_credits, daily_limit_credits, expires_at }: Limits) => ({
  ...(total_limit_credits !== key.total_limit_credits && { total_limit_credits }),
  ...(daily_limit_credits !== key.daily_limit_credits && { daily_limit_credits }),
  ...(expires_at !== key.expires_at && { expires_at }),
});

/** When the key ends. Without a number of days, the end stays as it is. */
function endOf({ expires_at }: Key, isEndless: boolean, days: string): number | null {
  if (isEndless) return null;
  return days === '' ? expires_at : Math.floor(Date.now() / 1000) + Number(days) * 86_400;
}
