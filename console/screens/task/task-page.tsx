import { useQuery } from '@tanstack/react-query';
import { Fragment, type ReactNode, useEffect } from 'react';
import { Link } from 'wouter';
import { ApiError } from '../../api/api-error.ts';
import { isEnded, refreshTasks, type Task, taskQuery, taskReadQuery } from '../../api/queries.ts';
import { Copy } from '../../parts/copy.tsx';
import { deliveryTexts } from '../../parts/delivery-text.ts';
import { Failure } from '../../parts/failure.tsx';
import { Foreign, plainForeign } from '../../parts/foreign.tsx';
import { credits, duration, localTime } from '../../parts/format.ts';
import { Loading } from '../../parts/loading.tsx';
import { StatusMark, shownStatus, statusText } from '../../parts/status-mark.tsx';
import { useTitle } from '../../parts/use-title.ts';
import { Pictures } from '../result/pictures.tsx';
import { Remedy, RunAgain } from '../result/remedy.tsx';
import { Stages } from '../result/stages.tsx';
import { CancelButton, DeleteButton, RedeliverButton } from './task-actions.tsx';

/** Everything about one task. */
export function TaskPage({ id }: { readonly id: string }) {
  const { data: task, error, refetch } = useQuery(taskQuery(id));
  const failure = error && (
    <Failure what="The task could not be read." error={error} onRetry={() => refetch()} />
  );
  if (task) return <TaskDetails task={task} failure={failure} />;
  const isUnknown = error instanceof ApiError && [400, 404].includes(error.status);
  if (isUnknown) return <Unknown />;
  return failure ?? <Loading what="the task" lines={8} />;
}

function TaskDetails({ task, failure }: { readonly task: Task; readonly failure: ReactNode }) {
  const isOver = isEnded(task);
  useTitle(`${statusText(shownStatus(task))} · ${task.request.prompt.slice(0, 60)}`);
  useEffect(() => {
    if (isOver) void refreshTasks();
  }, [isOver]);
  return (
    <article className="task">
      <header>
        <p>
          <Link href="/console/tasks">Tasks</Link>
        </p>
        <h1 title={plainForeign(task.request.prompt)}>
          <Foreign text={task.request.prompt} lines={3} />
        </h1>
        <p className="actions">
          <StatusMark status={shownStatus(task)} />
          <code>{task.id}</code>
          <Copy text={task.id} label="Copy id" />
        </p>
      </header>
      {failure}
      {task.status === 'failed' && <Remedy task={task} />}
      <div className="task-columns">
        <div>
          {task.status === 'completed' && <Pictures task={task} />}
          {!isOver && (
            <section className="panel">
              <h2>Now</h2>
              <Stages task={task} />
            </section>
          )}
          <Inputs task={task} />
          <div className="actions">
            {task.status !== 'failed' && <RunAgain task={task} label="Run again" />}
            <CancelButton task={task} />
            <DeleteButton task={task} />
          </div>
        </div>
        <div>
          <Timeline task={task} />
          <Money task={task} />
          <Callback task={task} />
          <Request task={task} />
          <Json task={task} />
        </div>
      </div>
    </article>
  );
}

/** The task as JSON, and the id of the request that has read it. A question to the operator needs both. */
function Json({ task }: { readonly task: Task }) {
  const { data: read } = useQuery(taskReadQuery(task.id));
  return (
    <details className="panel">
      <summary>JSON</summary>
      {read?.requestId !== undefined && (
        <p className="caption">
          Read by the request <code>{read.requestId}</code>{' '}
          <Copy text={read.requestId} label="Copy request id" />
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and so the keyboard has to reach it */}
      <pre className="code" tabIndex={0}>
        <Foreign text={JSON.stringify(task, undefined, 2)} />
      </pre>
    </details>
  );
}

function Unknown() {
  useTitle('No such task');
  return (
    <section className="panel empty">
      <h1>There is no such task</h1>
      <p>
        It may have been deleted, have expired, or belong to another account.{' '}
        <Link href="/console/tasks">All tasks</Link>
      </p>
    </section>
  );
}

function Inputs({ task }: { readonly task: Task }) {
  return (
    <section className="panel">
      <h2>Made of</h2>
      <ul className="inputs">
        {task.request.inputs.map((input, index) => (
          <li key={index}>
            {input.link === undefined ? (
              <span className="gone">No copy</span>
            ) : (
              <a href={input.link} target="_blank" rel="noreferrer">
                <img src={input.link} alt={`Input ${index + 1}`} loading="lazy" />
              </a>
            )}
            <span className="caption">
              {input.type === 'url' && <Foreign text={input.url} lines={2} />}
              {input.type === 'file' && <code>{input.file_id}</code>}
              {input.type === 'upload' && `uploaded, ${input.content_type}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const eventTexts: Readonly<Record<Task['events'][number]['type'], string>> = {
  created: 'Created, price reserved',
  started: 'All pictures are there',
  inputs_checked: 'Pictures checked',
  queued: 'Waiting for its turn',
  submitted: 'Handed to the model',
  cancel_requested: 'Cancel requested',
  generated: 'Images made',
  stored: 'Images saved',
  charged: 'Charged',
  failed: 'Failed',
  returned: 'Unused credits returned',
  callback_attempted: 'Callback sent',
};

function Timeline({ task }: { readonly task: Task }) {
  const first = task.events[0]?.at ?? task.created_at;
  return (
    <section className="panel">
      <h2>Timeline</h2>
      <ol className="timeline">
        {task.events.map(({ type, at }, index) => (
          <li key={index}>
            <span>{eventTexts[type] ?? type}</span>
            <time dateTime={new Date(at * 1000).toISOString()} title={localTime(at)}>
              {index === 0 ? localTime(at) : `+ ${duration(Math.max(0, at - first))}`}
            </time>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Money({ task }: { readonly task: Task }) {
  const { usage } = task;
  return (
    <section className="panel">
      <h2>Cost</h2>
      <dl className="facts">
        <dt>Reserved</dt>
        <dd>{credits(usage.credits_reserved)}</dd>
        {'credits_used' in usage && (
          <>
            <dt>Charged</dt>
            <dd>{credits(usage.credits_used)}</dd>
            <dt>Returned</dt>
            <dd>{credits(usage.credits_returned)}</dd>
          </>
        )}
        <dt>Key</dt>
        <dd>
          <Foreign text={task.key.name ?? task.key.id} />
        </dd>
      </dl>
    </section>
  );
}

function Callback({ task }: { readonly task: Task }) {
  const { callback } = task;
  if (!callback) return null;
  return (
    <section className="panel">
      <h2>Callback</h2>
      <p>
        <strong className={`delivery-${callback.status}`}>{deliveryTexts[callback.status]}</strong>
        {callback.next_attempt_at !== null && (
          <span className="soft"> · next attempt by {localTime(callback.next_attempt_at)}</span>
        )}
      </p>
      <p className="caption">
        <Foreign text={callback.url} lines={2} />
      </p>
      {callback.attempts && callback.attempts.length > 0 && (
        <Attempts attempts={callback.attempts} />
      )}
      <div className="actions">
        <RedeliverButton task={task} />
      </div>
    </section>
  );
}

type Attempt = NonNullable<NonNullable<Task['callback']>['attempts']>[number];

function Attempts({ attempts }: { readonly attempts: readonly Attempt[] }) {
  return (
    <table className="cards">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Answer</th>
          <th scope="col" className="amount">
            Took
          </th>
        </tr>
      </thead>
      <tbody>
        {attempts.map(({ at, ms, status, reason, response_text }) => (
          <tr key={at}>
            <th scope="row">
              <time dateTime={new Date(at * 1000).toISOString()}>{localTime(at)}</time>
            </th>
            <td>
              {status ?? 'none'} {reason !== null && <Foreign text={reason} />}
              {response_text !== null && response_text !== '' && (
                <span className="caption">
                  <Foreign text={response_text} lines={2} />
                </span>
              )}
            </td>
            <td className="amount">{ms} ms</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Request({ task }: { readonly task: Task }) {
  const { request, metadata } = task;
  const facts: readonly (readonly [string, string])[] = [
    ['Prompt', request.prompt],
    ...(request.negative_prompt === undefined
      ? []
      : [['Not in it', request.negative_prompt] as const]),
    ['Model', task.model],
    ['Images', String(request.n)],
    ['Size', request.size ?? 'as the picture'],
    ['Seed', request.seed === undefined ? 'any' : String(request.seed)],
    ...Object.entries(metadata ?? {}),
  ];
  return (
    <section className="panel">
      <h2>Request</h2>
      <dl className="facts">
        {facts.map(([name, value], index) => (
          <Fragment key={index}>
            <dt>
              <Foreign text={name} />
            </dt>
            <dd>
              <Foreign text={value} />
            </dd>
          </Fragment>
        ))}
      </dl>
    </section>
  );
}
