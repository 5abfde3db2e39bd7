import { useEffect, useSyncExternalStore } from 'react';
import { ApiError } from '../../api/api-error.ts';
import { type GenerationRequest, refreshTasks } from '../../api/queries.ts';
import type { Picture } from '../../pictures/picture.ts';
import { type Draft, requestOf } from './fields.ts';
import { type Created, createTask, newIdempotencyKey, uploadAll, withPictures } from './send.ts';
import { makeStarts } from './starts.ts';

// Like the draft, this outlives the screen.
const starts = makeStarts<GenerationRequest, Created>({
  newKey: newIdempotencyKey,
  isDecided: (error) => error instanceof ApiError && !error.isTemporary,
});

/** For a shared computer: the next user must not see or repeat a start. */
export const forgetStarts = starts.forget;

/** The start of a task and its result. */
export function useRun() {
  const { step, error, taskId } = useSyncExternalStore(starts.subscribe, starts.shown);
  useEffect(() => starts.hide, []);

  const run = async (draft: Draft, pictures: readonly Picture[]) => {
    await starts.run({
      prepare: (isUnclear, onUpload) =>
        withPictures(requestOf(draft), pictures, { isUnclear, onUpload }),
      create: createTask,
      send: ({ uploads }) => uploadAll(uploads, pictures),
    });
    void refreshTasks();
  };

  return {
    run,
    taskId,
    error,
    step,
    isSending: step !== undefined,
    /** Shows the form's code again, in place of the result. */
    showForm: starts.hide,
  };
}
