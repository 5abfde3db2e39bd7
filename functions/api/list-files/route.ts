import { ListFilesQuery } from '../../domain/files/list-files.ts';
import { maxPageSize } from '../../domain/model/ids.ts';
import { filesResponse } from '../../domain/wire/files-envelope.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import { wholeNumber } from '../field-docs.ts';
import { envelope } from '../files-api.ts';
import { hostedFile } from '../files-docs.ts';
import { FileList } from '../files-responses.ts';

export const response = FileList;

export const route = defineRoute<typeof response>()({
  method: 'GET',
  path: '/api/v1/files/list',
  function: 'list-files',
  access: { scope: 'read' },
  rateLimit: 'calls',
  query: ListFilesQuery,
  envelope,
  errors: ['rate_limit_exceeded', 'invalid_request', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'listFiles',
  tag: 'Files',
  summary: 'List the stored files',
  description:
    'The files of the account that have not expired, the newest first, with fresh links.',
  query: {
    '': { description: 'Which page' },
    page: {
      description: 'Which page, from 1',
      ...wholeNumber,
      minimum: 1,
      maximum: 1000,
      default: 1,
    },
    pageSize: {
      description: 'How many files a page has',
      ...wholeNumber,
      minimum: 1,
      maximum: maxPageSize,
      default: 20,
    },
  },
  response: {
    name: 'FileList',
    description: 'A page of files',
    examples: { page: filesResponse('success', { total: 1, files: [hostedFile] }) },
  },
});
