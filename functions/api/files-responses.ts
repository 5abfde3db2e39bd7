import * as z from 'zod';
import { patterns } from '../domain/model/ids.ts';
import { seconds } from '../domain/wire/fields.ts';
import { filesEnvelope } from '../domain/wire/files-envelope.ts';
import { HostedFile } from '../domain/wire/hosted-file.ts';
import { Upload } from '../domain/wire/task-schemas.ts';

// Responses about files. Handlers import their types only, so that no bundle carries them.

export const File = z
  .strictObject({
    id: z.string().regex(patterns.fileId),
    object: z.literal('file'),
    url: z
      .url()
      .describe('The address to use in `image_urls` of later tasks, by the same account alone'),
    expires_at: seconds('Until when it can be used'),
    upload: Upload,
  })
  .describe('A place for a picture that later tasks may use');

export const FileDeletion = filesEnvelope(
  z.strictObject({ file_id: z.string().regex(patterns.hostedFileId) }),
  'A file that was deleted',
);

export const FileQuota = filesEnvelope(
  z.strictObject({
    user_group: z.string(),
    used_files: z.int().min(0).describe('How many files the account has'),
    max_files: z.int().min(1).describe('How many it may have at once'),
    remain_files: z.int().min(0).describe('How many more it may store now'),
    max_upload_bytes: z
      .int()
      .min(1)
      .describe('The largest file in the body of a request: `upload/base64` and `upload/stream`'),
    max_download_bytes: z.int().min(1).describe('The largest file at an address: `upload/url`'),
  }),
  'How many files there are, and how many there may be',
);

export const FileList = filesEnvelope(
  z.strictObject({
    total: z.int().min(0).describe('How many there are on all pages'),
    files: z.array(HostedFile).describe('The newest first'),
  }),
  'A page of the stored files',
);

/** The response of all three uploads. */
export const FileUpload = filesEnvelope(HostedFile, 'A file that was stored');
