import { filesResponse } from '../../domain/wire/files-envelope.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import * as ids from '../example-ids.ts';
import { envelope, fileId } from '../files-api.ts';
import { FileDeletion } from '../files-responses.ts';

export const response = FileDeletion;

export const route = defineRoute<typeof response>()({
  method: 'DELETE',
  path: '/api/v1/files/{file_id}',
  function: 'delete-file',
  access: { scope: 'generate' },
  rateLimit: 'calls',
  params: { file_id: fileId },
  envelope,
  errors: ['rate_limit_exceeded', 'file_not_found', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'deleteFile',
  tag: 'Files',
  summary: 'Delete a stored file',
  description:
    'The picture, its record and its place in the quota are gone at once, and its links end. A task that has begun has its own copy.',
  response: {
    name: 'FileDeletion',
    description: 'The file is deleted',
    examples: {
      deleted: filesResponse('File deleted successfully', { file_id: ids.hostedFileId }),
    },
  },
});
