import { useRef, useState } from 'react';
import { ApiError } from '../../api/api-error.ts';
import { api, bodyOf } from '../../api/client.ts';
import { type GenerationRequest, refreshTasks, type Upload } from '../../api/queries.ts';
import type { Picture } from '../../pictures/picture.ts';
import { storePicture, upload } from '../../pictures/upload.ts';
import { type Draft, requestOf } from './draft.ts';

/**
 * Starts tasks. A start whose outcome is unknown is repeated under the same Idempotency-Key, so that nothing is made or
 * paid twice; a form that has changed is another request.
 */
export function useRun() {
  const [taskId, setTaskId] = useState<string | undefined>();
  const [step, setStep] = useState<string | undefined>();
  const [error, setError] = useState<unknown>();
  const unclear = useRef<{ readonly of: string; readonly key: string } | undefined>(undefined);
  const isRunning = useRef(false);

  const run = async (draft: Draft, pictures: readonly Picture[]) => {
    if (isRunning.current) return;
    isRunning.current = true;
    setError(undefined);
    setStep('Sending');
    try {
      const body = await withPictures(requestOf(draft), pictures, () => setStep('Uploading'));
      const of = JSON.stringify(body);
      const request = unclear.current?.of === of ? unclear.current : { of, key: newKey() };
      unclear.current = request;
      const created = await create(body, request.key);
      setStep('Uploading');
      await uploadAll(created.uploads, pictures);
      unclear.current = undefined;
      setTaskId(created.id);
    } catch (failure) {
      if (isDecided(failure)) unclear.current = undefined;
      setError(failure);
    } finally {
      isRunning.current = false;
      setStep(undefined);
      void refreshTasks();
    }
  };

  return {
    run,
    taskId,
    error,
    step,
    isSending: step !== undefined,
    /** Shows the form's code again, in place of the result. */
    showForm: () => setTaskId(undefined),
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

/** The API has refused the request: another try is another request. */
const isDecided = (error: unknown): boolean => error instanceof ApiError && !error.isTemporary;

const newKey = (): string =>
  `console-${Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;

/** A request has addresses or uploads: a file beside an address is stored first, and gets an address by that. */
async function withPictures(
  request: GenerationRequest,
  pictures: readonly Picture[],
  onUpload: () => void,
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
    pictures.map((one) => (one.kind === 'address' ? one.address : storePicture(one.ready))),
  );
  return { ...request, image_urls };
}
