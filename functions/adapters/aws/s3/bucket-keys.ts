import type { HostedFile } from '../../../domain/model/hosted-file.ts';
import { isTaskId } from '../../../domain/model/ids.ts';
import { type ImageFormat, imageFormats } from '../../../domain/model/image-format.ts';
import { bucketPrefixes } from '../../../domain/model/storage-names.ts';

// The keys of the objects. No key contains text from a caller.

export const uploadKey = (taskId: string, index: number): string =>
  `${uploadPrefix(taskId)}${index}`;
export const fileKey = (account: string, fileId: string): string =>
  `${bucketPrefixes.files}${account}/${fileId}`;
export const hostedFileKey = ({ account, id, version, format }: HostedFile): string =>
  `${hostedFilePrefix(account, id)}${version}.${format}`;
/** What the keys of all uploads of a hosted file begin with. */
export const hostedFilePrefix = (account: string, id: string): string =>
  `${bucketPrefixes.hosted}${account}/${id}/`;
/** Without a format: the key that an earlier version of this code gave to the copy. */
export const preparedKey = (taskId: string, index: number, format?: ImageFormat): string =>
  `${preparedPrefix(taskId)}${index}${format ? `.${format}` : ''}`;
export const resultKey = (taskId: string, n: number, format: ImageFormat): string =>
  `${resultPrefix(taskId)}${n}.${format}`;

/** The thumbnail of the input with this index, or of the image with this number; in the same bucket as that picture. */
export const thumbnailKey = (taskId: string, number: number): string =>
  `${thumbnailPrefix(taskId)}${number}.jpeg`;

/** What the keys of all uploads for a task begin with. */
export const uploadPrefix = (taskId: string): string => `${bucketPrefixes.uploads}${taskId}/`;
/** What the keys of all copies of a task begin with. */
export const preparedPrefix = (taskId: string): string => `${bucketPrefixes.prepared}${taskId}/`;
/** What the keys of all results of a task begin with. */
export const resultPrefix = (taskId: string): string => `${bucketPrefixes.results}${taskId}/`;
/** What the keys of all thumbnails of a task begin with, in each of the buckets. */
export const thumbnailPrefix = (taskId: string): string => `${bucketPrefixes.thumbnails}${taskId}/`;

/** The number and the format at the end of a key; undefined for a key without them. */
export function parseImageKey(
  key: string,
): { readonly number: number; readonly format: ImageFormat } | undefined {
  const [, number, extension] = /\/(\d+)\.([a-z]+)$/.exec(key) ?? [];
  const format = imageFormats.find((known) => known === extension);
  return number && format ? { number: Number(number), format } : undefined;
}

/** The task and the index of the input that an upload belongs to; undefined for any other key. */
export function parseUploadKey(
  key: string,
): { readonly taskId: string; readonly index: number } | undefined {
  if (!key.startsWith(bucketPrefixes.uploads)) return undefined;
  const [, taskId = '', index] =
    /^([^/]+)\/(\d)$/.exec(key.slice(bucketPrefixes.uploads.length)) ?? [];
  return isTaskId(taskId) ? { taskId, index: Number(index) } : undefined;
}

/** The picture of a task that this is the key of: a private copy, or a generated image; undefined for any other key. */
export function parsePictureKey(
  key: string,
): { readonly taskId: string; readonly number: number; readonly format: ImageFormat } | undefined {
  const prefix = [bucketPrefixes.prepared, bucketPrefixes.results].find((one) =>
    key.startsWith(one),
  );
  const image = parseImageKey(key);
  const [taskId = '', ...rest] = key.slice(prefix?.length).split('/');
  return prefix && image && rest.length === 1 && isTaskId(taskId)
    ? { taskId, ...image }
    : undefined;
}
