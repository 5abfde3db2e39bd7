import { downloadFilePath } from '../../domain/model/paths.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import * as ids from '../example-ids.ts';
import { envelope, linkErrors, linkQuery, linkThrottle } from '../files-api.ts';
import { linkFields, linkResponse } from '../files-docs.ts';

export const route = defineRoute<undefined>()({
  method: 'GET',
  path: downloadFilePath,
  function: 'open-file-link',
  access: 'signed-link',
  head: true,
  throttle: linkThrottle,
  params: {
    file: {
      description: 'The id of the file',
      schema: { type: 'string' },
      example: ids.hostedFileId,
    },
  },
  query: linkQuery,
  envelope,
  errors: linkErrors,
});

export const docs = (): RouteDocs => ({
  id: 'downloadFile',
  tag: 'Files',
  summary: 'Save a stored picture',
  description:
    'An address from `download_url`. It works like the link in `file_url`, but a browser saves the picture under its file name.',
  query: linkFields,
  response: linkResponse,
});
