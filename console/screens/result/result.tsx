import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Link } from 'wouter';
import { isEnded, refreshTasks, type Task, taskQuery } from '../../api/queries.ts';
import { Failure } from '../../parts/failure.tsx';
import { credits, duration } from '../../parts/format.ts';
import { Loading } from '../../parts/loading.tsx';
import { StatusMark, shownStatus } from '../../parts/status-mark.tsx';
import { CancelButton } from '../task/task-actions.tsx';
import { Pictures } from './pictures.tsx';
import { Remedy } from './remedy.tsx';
import { Stages } from './stages.tsx';

type Props = {
  readonly taskId: string;
  readonly onAgain?: () => void;
  readonly onAgainWithSeed?: () => void;
};

/** A task from its start to its images, as it happens. */
export function Result({ taskId, onAgain, onAgainWithSeed }: Props) {
  const { data: task, error, refetch } = useQuery(taskQuery(taskId));
  const isOver = task !== undefined && isEnded(task);
  useEffect(() => {
    if (isOver) void refreshTasks();
  }, [isOver]);
  if (!task) {
    return error ? (
      <Failure what="The task could not be loaded." error={error} onRetry={() => refetch()} />
    ) : (
      <Loading what="the task" />
    );
  }
  return (
    <section className="result" aria-label="Result">
      <p className="result-head" role="status">
        <StatusMark status={shownStatus(task)} /> <Took task={task} />
        <Link href={`/console/tasks/${task.id}`}>Details</Link>
      </p>
      {error && (
        <Failure what="The task could not be read again." error={error} onRetry={() => refetch()} />
      )}
      {!isOver && (
        <>
          <Stages task={task} />
          <CancelButton task={task} />
        </>
      )}
      {task.status === 'failed' && <Remedy task={task} />}
      {task.status === 'completed' && <Pictures task={task} />}
      {isOver && onAgain && (
        <p className="actions">
          <button type="button" onClick={onAgain}>
            Again
          </button>
          <button type="button" onClick={onAgainWithSeed}>
            Again with another seed
          </button>
        </p>
      )}
    </section>
  );
}

function Took({ task }: { readonly task: Task }) {
  if (task.status !== 'completed' && task.status !== 'failed') return null;
  return (
    <span className="soft">
      {duration(task.completed_at - task.created_at)} · {credits(task.usage.credits_used)}
    </span>
  );
}
