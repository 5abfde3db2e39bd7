import { useState } from 'react';
import { useLocation } from 'wouter';
import { api, bodyOf } from '../../api/client.ts';
import { isEnded, queryClient, refreshTasks, type Task, taskQuery } from '../../api/queries.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { useAction } from '../../parts/use-action.ts';
import { useRights } from '../../session/rights.ts';

const pathOf = ({ id }: Task) => ({ params: { path: { task_id: id } } });

const reread = (task: Task) =>
  Promise.all([queryClient.invalidateQueries(taskQuery(task.id)), refreshTasks()]);

/** Ends a task, as long as that is possible. */
export function CancelButton({ task }: { readonly task: Task }) {
  const { mayGenerate } = useRights();
  const cancel = useAction({
    mutationFn: () => bodyOf(api.POST('/v1/tasks/{task_id}/cancel', pathOf(task))),
    onSettled: () => reread(task),
  });
  const info = task.task_info;
  if (isEnded(task) || !mayGenerate) return null;
  const isAsked = 'cancel_requested' in info && info.cancel_requested === true;
  if (isAsked || cancel.isPending) return <p className="soft">Being cancelled.</p>;
  return (
    <div className="actions">
      {info.can_cancel && (
        <button type="button" className="quiet" onClick={() => cancel.mutate()}>
          Cancel
        </button>
      )}
      {cancel.error && <Failure what="The task was not cancelled." error={cancel.error} />}
    </div>
  );
}

/** Deletes a task that has ended, after a question. */
export function DeleteButton({ task }: { readonly task: Task }) {
  const { mayGenerate } = useRights();
  const [isAsking, ask] = useState(false);
  const [, go] = useLocation();
  const remove = useAction({
    mutationFn: () => bodyOf(api.DELETE('/v1/tasks/{task_id}', pathOf(task))),
    onSuccess: async () => {
      queryClient.removeQueries(taskQuery(task.id));
      go('/console/tasks', { replace: true });
      await refreshTasks();
    },
  });
  const keep = remove.unlessRunning(() => ask(false));
  if (!isEnded(task) || !mayGenerate) return null;
  return (
    <>
      <button type="button" className="quiet" onClick={() => ask(true)}>
        Delete
      </button>
      {isAsking && (
        <Dialog title="Delete this task?" onClose={keep}>
          <p>
            Its prompt, its pictures and its images are deleted for good. What it cost stays in the
            account’s entries.
          </p>
          {remove.error && <Failure what="The task was not deleted." error={remove.error} />}
          <p className="actions">
            <button
              type="button"
              className="primary"
              aria-disabled={remove.isPending}
              onClick={() => remove.mutate()}
            >
              Delete
            </button>
            <button type="button" aria-disabled={remove.isPending} onClick={keep}>
              Keep
            </button>
          </p>
        </Dialog>
      )}
    </>
  );
}

/** Sends the callback of a task that has ended once more. */
export function RedeliverButton({ task }: { readonly task: Task }) {
  const { mayGenerate } = useRights();
  const redeliver = useAction({
    mutationFn: () => bodyOf(api.POST('/v1/tasks/{task_id}/callback', pathOf(task))),
    onSettled: () => reread(task),
  });
  if (!isEnded(task) || !task.callback || !mayGenerate) return null;
  return (
    <>
      <button type="button" aria-disabled={redeliver.isPending} onClick={() => redeliver.mutate()}>
        {redeliver.isPending ? 'Asking' : 'Deliver again'}
      </button>
      {redeliver.error && (
        <Failure what="The callback was not sent again." error={redeliver.error} />
      )}
    </>
  );
}
