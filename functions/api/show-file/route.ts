import { showFilePath } from '../../domain/model/paths.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import * as ids from '../example-ids.ts';
import { envelope, linkErrors, linkQuery, linkThrottle } from '../files-api.ts';
import { linkFields, linkResponse } from '../files-docs.ts';

export const route = defineRoute<undefined>()({
  method: 'GET',
  path: showFilePath,
  function: 'open-file-link',
  access: 'signed-link',
  head: true,
  throttle: linkThrottle,
  params: {
    file: {
      description: 'The id of the file, with an extension',
      schema: { type: 'string' },
      example: `${ids.hostedFileId}.jpg`,
    },
  },
  query: linkQuery,
  envelope,
  errors: linkErrors,
});

export const docs = (): RouteDocs => ({
  id: 'showFile',
  tag: 'Files',
  summary: 'Show a stored picture',
  description:
    'An address from `file_url`. The link carries its own permission and works until the file expires or is deleted, without a key.',
  query: linkFields,
  response: linkResponse,
});
