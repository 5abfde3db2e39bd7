import { ApiError } from '../api/api-error.ts';
import { api, bodyOf } from '../api/client.ts';
import type { Upload } from '../api/queries.ts';
import type { ReadyPicture } from './repair.ts';

const attempts = 3;

/**
 * Sends a picture with the form that the API has made for it. The upload is repeated when the network or the storage
 * fails.
 */
export async function upload(
  { url, fields }: Upload,
  { blob }: Pick<ReadyPicture, 'blob'>,
): Promise<void> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, String(value));
  form.append('file', blob);
  let status = 0;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const response = await fetch(url, { method: 'POST', body: form }).catch(() => undefined);
    if (response?.ok) return;
    status = response?.status ?? 0;
    if (status >= 400 && status < 500) break;
  }
  throw new ApiError({
    status,
    code: 'upload_failed',
    message:
      status === 0
        ? 'The picture could not be sent: the storage cannot be reached.'
        : `The storage refused the picture (${status}).`,
  });
}

/**
 * Stores a picture for a request that also has a picture with an address: a request has addresses or uploads, and not
 * both.
 */
export async function storePicture(ready: Pick<ReadyPicture, 'blob' | 'mediaType'>) {
  const file = await bodyOf(api.POST('/v1/files', { body: { content_type: ready.mediaType } }));
  await upload(file.upload, ready);
  return { url: file.url, expires_at: file.expires_at };
}
