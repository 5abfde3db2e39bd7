import { queryOptions, useQuery } from '@tanstack/react-query';
import { Fragment, type ReactNode } from 'react';
import { Link } from 'wouter';
import { ApiError } from '../../api/api-error.ts';
import { api, bodyOf } from '../../api/client.ts';
import { isEnded, queryClient } from '../../api/queries.ts';
import type { components } from '../../api/schema.d.ts';
import { Copy } from '../../parts/copy.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Foreign } from '../../parts/foreign.tsx';
import { credits, duration, localTime } from '../../parts/format.ts';
import { Loading } from '../../parts/loading.tsx';
import { StatusMark } from '../../parts/status-mark.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useTitle } from '../../parts/use-title.ts';
import { session } from '../../session/session.ts';
import { Table } from './listed.tsx';
import { callbackTexts } from './values.ts';

type Task = components['schemas']['AdminTask'];

const pollMs = 5000;

const adminTaskQuery = (id: string) =>
  queryOptions({
    queryKey: ['admin-task', id],
    queryFn: ({ signal }) =>
      bodyOf(api.GET('/v1/admin/tasks/{task_id}', { signal, params: { path: { task_id: id } } })),
    refetchInterval: ({ state: { data } }) =>
      data === undefined || session.current().key === undefined || isQuiet(data) ? false : pollMs,
  });

/** Whether nothing more happens to a task by itself. */
const isQuiet = (task: Task): boolean =>
  isEnded(task) && task.callback !== 'pending' && task.callback !== 'retrying';

/**
 * A task of any account, and what the operator can do about it. Its prompt and its pictures are not shown to the
 * operator.
 */
export function AdminTaskPage({ id }: { readonly id: string }) {
  useTitle(`Task ${id}`);
  const { data: task, error, refetch } = useQuery(adminTaskQuery(id));
  const failure = error && (
    <Failure what="The task could not be read." error={error} onRetry={() => refetch()} />
  );
  if (!task) {
    const isUnknown = error instanceof ApiError && [400, 404].includes(error.status);
    if (isUnknown) return <Unknown />;
    return failure ?? <Loading what="the task" lines={8} />;
  }
  return (
    <article className="task">
      <header>
        <p>
          <Link href="/console/operator/tasks">All tasks</Link>
        </p>
        <h1 className="break">{task.id}</h1>
        <p className="actions">
          <StatusMark status={task.code === 'request_cancelled' ? 'cancelled' : task.status} />
          <Copy text={task.id} label="Copy id" />
        </p>
      </header>
      {failure}
      {task.code !== null && (
        <p className="failure">
          <span>
            <code>{task.code}</code> <Foreign text={task.message ?? ''} />
          </span>
        </p>
      )}
      <Actions task={task} />
      <div className="task-columns">
        <div>
          <Facts title="Task" facts={factsOf(task)} />
          <Attempts task={task} />
        </div>
        <div>
          <Facts title="Internals" facts={internalsOf(task)} />
        </div>
      </div>
    </article>
  );
}

function Unknown() {
  return (
    <section className="panel empty">
      <h1>There is no such task</h1>
      <p>
        It may have been deleted or have expired.{' '}
        <Link href="/console/operator/tasks">All tasks</Link>
      </p>
    </section>
  );
}

const checkTexts: Readonly<Record<components['schemas']['TaskCheck']['result'], string>> = {
  woken: 'Its workflow waited, and asks the provider now.',
  running: 'Its workflow is at work, so nothing was done.',
  awaits_uploads: 'It waits for its pictures.',
  started: 'Its workflow was missing, and was started.',
  restarted: 'Its workflow was dead, and was started again.',
  postponed: 'Its workflow has died several times, and will be started again soon.',
};

function Actions({ task }: { readonly task: Task }) {
  const path = { params: { path: { task_id: task.id } } };
  const onSettled = () =>
    Promise.all([
      queryClient.invalidateQueries(adminTaskQuery(task.id)),
      queryClient.invalidateQueries({ queryKey: ['admin-tasks'] }),
    ]);
  const cancel = useAction({
    mutationFn: () => bodyOf(api.POST('/v1/admin/tasks/{task_id}/cancel', path)),
    onSettled,
  });
  const redeliver = useAction({
    mutationFn: () => bodyOf(api.POST('/v1/admin/tasks/{task_id}/callback', path)),
    onSettled,
  });
  const check = useAction({
    mutationFn: () => bodyOf(api.POST('/v1/admin/tasks/{task_id}/check', path)),
    onSettled,
  });
  const error = cancel.error ?? redeliver.error ?? check.error;
  return (
    <>
      <div className="actions">
        {!isEnded(task) && task.can_cancel && (
          <button type="button" aria-disabled={cancel.isPending} onClick={() => cancel.mutate()}>
            Cancel
          </button>
        )}
        {!isEnded(task) && (
          <button type="button" aria-disabled={check.isPending} onClick={() => check.mutate()}>
            Check it now
          </button>
        )}
        {isEnded(task) && task.callback !== null && (
          <button
            type="button"
            aria-disabled={redeliver.isPending}
            onClick={() => redeliver.mutate()}
          >
            Deliver again
          </button>
        )}
        {check.data && <span role="status">{checkTexts[check.data.result]}</span>}
      </div>
      {error && <Failure what="This was not done." error={error} />}
    </>
  );
}

type Fact = readonly [name: string, value: ReactNode];

const time = (seconds: number | null): string | null =>
  seconds === null ? null : localTime(seconds);

const factsOf = (task: Task): readonly Fact[] => [
  [
    'Account',
    <Link key="account" href={`/console/operator/accounts/${task.account}`}>
      <Foreign text={task.account} />
    </Link>,
  ],
  ['Group', <Foreign key="group" text={task.user_group} />],
  [
    'Key',
    <Link key="key" href={`/console/operator/keys/${task.key_id}`}>
      <code>{task.key_id}</code>
    </Link>,
  ],
  ['Model', `${task.model}, ${task.n} ${task.n === 1 ? 'image' : 'images'}`],
  ['Results', task.result_count || null],
  ['Reserved', credits(task.credits_reserved)],
  ['Charged', task.credits_used === null ? null : credits(task.credits_used)],
  ['Created', time(task.created_at)],
  ['Started', time(task.started_at)],
  ['Submitted', time(task.submitted_at)],
  ['Cancel requested', time(task.cancel_requested_at)],
  ['Ended', time(task.completed_at)],
  ['Took', task.duration === null ? null : duration(task.duration)],
  ['Deadline', time(task.deadline_at)],
  ['Deleted', time(task.expires_at)],
];

const internalsOf = ({ provider, internals }: Task): readonly Fact[] => [
  ['Provider', provider],
  [
    'Job at the provider',
    internals.ticket === null ? null : <Foreign key="job" text={internals.ticket} />,
  ],
  ['Slot', internals.slot],
  ['Lane', internals.lane],
  ['Waits for a slot since', time(internals.queued_at)],
  ['Execution', internals.execution],
  ['Missing uploads', internals.missing_uploads || null],
  [
    'Typically takes',
    internals.typical_seconds === null ? null : duration(internals.typical_seconds),
  ],
  ['Providers were busy', internals.busy_count ? `${internals.busy_count} times` : null],
  ['Submit locked', time(internals.submit_locked_at)],
  ['Polled', time(internals.polled_at)],
  ['Provider’s webhook', time(internals.provider_webhook_at)],
  ['Workflow', internals.is_waiting ? 'waits, and can be woken' : null],
  ['Outcome', internals.outcome],
  ['Outcome known', time(internals.outcome_at)],
  ['Next check', time(internals.next_check_at)],
];

/** Facts without a value are left out. */
function Facts({ title, facts }: { readonly title: string; readonly facts: readonly Fact[] }) {
  return (
    <section className="panel">
      <h2>{title}</h2>
      <dl className="facts">
        {facts
          .filter(([, value]) => value !== null)
          .map(([name, value]) => (
            <Fragment key={name}>
              <dt>{name}</dt>
              <dd className="break">{value}</dd>
            </Fragment>
          ))}
      </dl>
    </section>
  );
}

function Attempts({ task: { callback, callback_attempts: attempts } }: { readonly task: Task }) {
  if (callback === null) return null;
  return (
    <section className="panel">
      <h2>Callback</h2>
      <p>
        <strong className={`delivery-${callback}`}>{callbackTexts[callback]}</strong>
        {attempts && (
          <span className="soft">
            {' '}
            · {attempts.count} {attempts.count === 1 ? 'attempt' : 'attempts'} at{' '}
            <Foreign text={attempts.host} />
          </span>
        )}
      </p>
      {attempts && attempts.last.length > 0 && (
        <Table
          rows={attempts.last}
          keyOf={({ at }) => String(at)}
          columns={[
            { name: 'When', of: ({ at }) => localTime(at) },
            {
              name: 'Answer',
              of: ({ status, reason }) => (
                <>
                  {status ?? 'none'} {reason !== null && <Foreign text={reason} />}
                </>
              ),
            },
            { name: 'Took', isAmount: true, of: ({ ms }) => `${ms} ms` },
          ]}
        />
      )}
    </section>
  );
}
