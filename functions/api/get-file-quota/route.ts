import { maxInputBytes } from '../../domain/model/catalogue.ts';
import { maxUploadBytes } from '../../domain/model/hosted-file.ts';
import { filesResponse } from '../../domain/wire/files-envelope.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import { envelope } from '../files-api.ts';
import { FileQuota } from '../files-responses.ts';

export const response = FileQuota;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: '/api/v1/files/quota',
  function: 'list-files',
  access: { scope: 'read' },
  rateLimit: 'calls',
  envelope,
  errors: ['rate_limit_exceeded', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'getFileQuota',
  tag: 'Files',
  summary: 'Read how many files may be stored',
  description:
    'The user group `vip` may store 500 files, every other 100. A file that is deleted, replaced or expired does not count.',
  response: {
    name: 'FileQuota',
    description: 'The quota',
    examples: {
      some: filesResponse('success', {
        user_group: 'default',
        used_files: 2,
        max_files: 100,
        remain_files: 98,
        max_upload_bytes: maxUploadBytes,
        max_download_bytes: maxInputBytes,
      }),
    },
  },
});
