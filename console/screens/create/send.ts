import { api, bodyOf } from '../../api/client.ts';
import type { GenerationRequest, TaskUpload } from '../../api/queries.ts';
import type { ReadyPicture } from '../../pictures/repair.ts';
import { storeOnce } from '../../pictures/store-once.ts';
import { storePicture, upload } from '../../pictures/upload.ts';

/** A picture as a request sends it. */
export type SentPicture =
  | { readonly kind: 'file'; readonly ready: Pick<ReadyPicture, 'blob' | 'mediaType'> }
  | { readonly kind: 'address'; readonly address: string };

export type Created = {
  readonly id: string;
  readonly status: string;
  readonly uploads?: readonly TaskUpload[] | undefined;
};

export const newIdempotencyKey = (): string =>
  `console-${Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;

const storePictureOnce = storeOnce(storePicture);

/** A request has addresses or uploads. So a file beside an address is stored first, and then has an address, too. */
export async function withPictures(
  request: GenerationRequest,
  pictures: readonly SentPicture[],
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

export const createTask = (body: GenerationRequest, key: string): Promise<Created> =>
  bodyOf(
    api.POST('/v1/images/generations', { body, params: { header: { 'Idempotency-Key': key } } }),
  );

/** Uploads the pictures that a task waits for. After a repeated request, some may have arrived already. */
export async function uploadAll(
  forms: readonly TaskUpload[] | undefined,
  pictures: readonly SentPicture[],
): Promise<void> {
  const files = pictures.flatMap((one) => (one.kind === 'file' ? [one.ready] : []));
  await Promise.all(
    (forms ?? []).map((form) => {
      const file = files[form.index];
      return file && upload(form, file);
    }),
  );
}
