import { useEffect, useSyncExternalStore } from 'react';
import { ApiError } from '../../api/api-error.ts';
import { api, bodyOf } from '../../api/client.ts';
import { type GenerationRequest, refreshTasks, type Upload } from '../../api/queries.ts';
import type { Picture } from '../../pictures/picture.ts';
import { storeOnce } from '../../pictures/store-once.ts';
import { storePicture, upload } from '../../pictures/upload.ts';
import { type Draft, requestOf } from './draft.ts';
import { makeStarts } from './starts.ts';

type Created = { readonly id: string; readonly uploads?: readonly Upload[] | undefined };

const storePictureOnce = storeOnce(storePicture);

const newKey = (): string =>
  `console-${Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;

// Beside the draft: it outlives the screen as well.
const starts = makeStarts<GenerationRequest, Created>({
  newKey,
  isDecided: (error) => error instanceof ApiError && !error.isTemporary,
});

/** For a shared computer: the next who signs in must not see or repeat it. */
export const forgetStarts = starts.forget;

/** The start of a task, and what has come of it. */
export function useRun() {
  const { step, error, taskId } = useSyncExternalStore(starts.subscribe, starts.shown);
  useEffect(() => starts.hide, []);

  const run = async (draft: Draft, pictures: readonly Picture[]) => {
    await starts.run({
      prepare: (isUnclear, onUpload) =>
        withPictures(requestOf(draft), pictures, { isUnclear, onUpload }),
      create,
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

const create = (body: GenerationRequest, key: string) =>
  bodyOf(
    api.POST('/v1/images/generations', { body, params: { header: { 'Idempotency-Key': key } } }),
  );

async function uploadAll(
  forms: readonly Upload[] | undefined,
  pictures: readonly Picture[],
): Promise<void> {
  const files = pictures.flatMap((one) => (one.kind === 'file' ? [one.ready] : []));
  await Promise.all(
    (forms ?? []).map((form, index) => {
      const file = files[index];
      return file && upload(form, file);
    }),
  );
}

/** A request has addresses or uploads: a file beside an address is stored first, and gets an address by that. */
async function withPictures(
  request: GenerationRequest,
  pictures: readonly Picture[],
  { isUnclear, onUpload }: { readonly isUnclear: boolean; readonly onUpload: () => void },
): Promise<GenerationRequest> {
  if (pictures.every(({ kind }) => kind === 'file')) {
    return {
      ...request,
      image_uploads: pictures.flatMap((one) =>
        one.kind === 'file' ? [{ content_type: one.ready.mediaType }] : [],
      ),
    };
  }
  onUpload();
  const image_urls = await Promise.all(
    pictures.map((one) =>
      one.kind === 'address' ? one.address : storePictureOnce(one.ready, !isUnclear),
    ),
  );
  return { ...request, image_urls };
}
