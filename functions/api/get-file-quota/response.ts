import * as z from 'zod';
import { filesEnvelope } from '../../domain/wire/files-envelope.ts';

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
