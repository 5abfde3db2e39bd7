import type { Clock } from '../model/clock.ts';
import { isFileId } from '../model/ids.ts';
import { fileTtlMs } from '../model/task.ts';
import type { FileRequest } from '../wire/request.ts';
import { type UploadForm, uploadView } from '../wire/view.ts';

type Deps = {
  readonly baseUrl: string;
  readonly now: Clock;
  readonly newId: () => string;
  readonly formFor: (account: string, fileId: string, contentType: string) => Promise<UploadForm>;
};

/** Creates a file that later tasks may use as a picture: its URL, and the form to upload it with. */
export const createFile =
  ({ baseUrl, now, newId, formFor }: Deps) =>
  async ({ content_type }: FileRequest, account: string) => {
    const id = newId();
    return {
      id,
      object: 'file' as const,
      url: fileUrl(baseUrl, id),
      expires_at: Math.floor((now() + fileTtlMs) / 1000),
      upload: uploadView(await formFor(account, id, content_type)),
    };
  };

/** The URL of an uploaded file, which only tasks of its own account can use as an input. */
export const fileUrl = (baseUrl: string, fileId: string): string => `${baseUrl}/v1/files/${fileId}`;

/**
 * The id in such a URL; undefined for any other URL.
 * @param formerUrl the API's own address, once it has a domain: files that were uploaded before have it
 */
export const fileIdOf =
  (baseUrl: string, formerUrl = baseUrl) =>
  (url: string): string | undefined => {
    const id = url.slice(url.lastIndexOf('/') + 1);
    const isOwn = [baseUrl, formerUrl].some((base) => url === fileUrl(base, id));
    return isOwn && isFileId(id) ? id : undefined;
  };
