import { type FormEvent, useState } from 'react';
import { Failure } from '../../parts/failure.tsx';
import { useAction } from '../../parts/use-action.ts';
import {
  type Account,
  type AccountChange,
  changeAccount,
  refreshAccount,
} from './account-query.ts';

const wholeNumber = /^\d+$/;
const amount = /^\d+(\.\d{1,3})?$/;

/** The limits of an account, its budget and its group. An empty field resets the limit to its default. */
export function Limits({ account }: { readonly account: Account }) {
  const before = {
    requests: String(account.limits.requests_per_minute),
    tasks: String(account.limits.tasks_in_flight),
    budget: account.daily_budget_credits === null ? '' : String(account.daily_budget_credits),
    stop: account.stop_at_budget,
    group: account.user_group,
  };
  // Only the fields that were changed. The others follow the account, which is polled.
  const [typed, type] = useState<Partial<Form>>({});
  const form: Form = { ...before, ...typed };
  const [problem, setProblem] = useState<string | undefined>();
  const change = useAction({
    mutationFn: ({ body }: Saved) => changeAccount(account.id, body),
    onSuccess: async (_, { sent }) => {
      await refreshAccount(account.id);
      // Input that was typed meanwhile stays.
      type((now) => (now === sent ? {} : now));
    },
  });
  const write = (part: Partial<Form>) => type({ ...typed, ...part });
  const isSaved = change.isSuccess && problem === undefined && Object.keys(typed).length === 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const body = changeOf(before, form);
    const found =
      body === undefined
        ? 'Limits are whole numbers, and the budget has at most three decimals.'
        : Object.keys(body).length === 0
          ? 'Nothing has changed.'
          : undefined;
    setProblem(found);
    if (found === undefined && body) change.mutate({ body, sent: typed });
  };
  const field = (name: 'requests' | 'tasks' | 'budget' | 'group', label: string, empty: string) => (
    <label>
      {label}
      <input
        autoComplete="off"
        inputMode={name === 'group' ? 'text' : 'decimal'}
        placeholder={empty}
        value={form[name]}
        onInput={({ currentTarget }) => write({ [name]: currentTarget.value.trim() })}
      />
    </label>
  );
  return (
    <section className="panel">
      <h2>Limits</h2>
      <form className="sign-in-form" onSubmit={submit} noValidate>
        <div className="pair">
          {field('requests', 'Tasks a minute, for each key', 'the default')}
          {field('tasks', 'Tasks in flight', 'the default')}
          {field('budget', 'Credits a day (UTC)', 'no budget')}
          {field('group', 'Group', account.user_group)}
        </div>
        <label className="check">
          <input
            type="checkbox"
            checked={form.stop}
            onChange={({ currentTarget }) => write({ stop: currentTarget.checked })}
          />
          Refuse what goes beyond the budget
        </label>
        {problem !== undefined && (
          <p className="warning" role="alert">
            {problem}
          </p>
        )}
        {change.error && <Failure what="The limits were not changed." error={change.error} />}
        <p className="actions">
          <button type="submit" aria-disabled={change.isPending}>
            Save
          </button>
          {isSaved && <span role="status">Saved.</span>}
        </p>
      </form>
    </section>
  );
}

type Saved = { readonly body: AccountChange; readonly sent: Partial<Form> };

type Form = {
  readonly requests: string;
  readonly tasks: string;
  readonly budget: string;
  readonly stop: boolean;
  readonly group: string;
};

/** The changed fields, as the API accepts them. @returns `undefined` when a field is not a number */
function changeOf(before: Form, form: Form): AccountChange | undefined {
  const isValid =
    [form.requests, form.tasks].every((text) => text === '' || wholeNumber.test(text)) &&
    (form.budget === '' || amount.test(form.budget));
  if (!isValid) return undefined;
  const numberOrNull = (text: string) => (text === '' ? null : Number(text));
  const limits = {
    ...(form.requests !== before.requests && { requests_per_minute: numberOrNull(form.requests) }),
    ...(form.tasks !== before.tasks && { tasks_in_flight: numberOrNull(form.tasks) }),
  };
  return {
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(form.budget !== before.budget && { daily_budget_credits: numberOrNull(form.budget) }),
    ...(form.stop !== before.stop && { stop_at_budget: form.stop }),
    ...(form.group !== before.group && { user_group: form.group }),
  };
}
