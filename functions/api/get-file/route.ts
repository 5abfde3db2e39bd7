import { patterns } from '../../domain/model/ids.ts';
import { filePath } from '../../domain/model/paths.ts';
import { maxDeliveredBytes } from '../../domain/wire/deliver-picture.ts';
import { defineRoute, type RouteDocs } from '../../runtime/route.ts';
import { fileId } from '../example-ids.ts';

export const route = defineRoute<undefined>()({
  method: 'GET',
  path: filePath,
  function: 'get-file',
  access: { scope: 'read' },
  rateLimit: 'calls',
  head: true,
  params: {
    file_id: {
      description: 'The id of a file',
      schema: { type: 'string', pattern: patterns.fileId.source },
      example: fileId,
    },
  },
  errors: ['rate_limit_exceeded', 'file_not_found', 'picture_too_large', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'getFile',
  tag: 'Pictures',
  summary: 'Fetch an uploaded picture',
  description: `A picture that your account has uploaded for later tasks, as it was sent, up to ${maxDeliveredBytes / 1024 ** 2} MB. Nobody else can read it: for others its address is only a name. HEAD gives its type and size.`,
  response: { picture: 'The picture' },
});
