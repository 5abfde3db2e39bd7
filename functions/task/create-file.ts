import { fileUrl } from './file-url.ts';
import type { Clock } from './ports.ts';
import type { FileRequest } from './request.ts';
import { type UploadForm, uploadView } from './view.ts';

type Needs = {
  readonly baseUrl: string;
  readonly now: Clock;
  readonly newId: () => string;
  readonly formFor: (account: string, fileId: string, contentType: string) => Promise<UploadForm>;
};

/** How long a file can be used as an input, in milliseconds: the inputs' bucket keeps a day. */
export const fileKeptForMs = 24 * 60 * 60 * 1000;

/** A place for a picture that later tasks may use: an address, and the form to upload it with. */
export const createFile =
  ({ baseUrl, now, newId, formFor }: Needs) =>
  async ({ content_type }: FileRequest, account: string) => {
    const id = newId();
    return {
      id,
      object: 'file',
      url: fileUrl(baseUrl, id),
      expires_at: Math.floor((now() + fileKeptForMs) / 1000),
      upload: uploadView(await formFor(account, id, content_type)),
    };
  };
