import { filesPath } from '../../domain/model/paths.ts';
import { FileRequest } from '../../domain/wire/request.ts';
import { uploadView } from '../../domain/wire/view.ts';
import { defineRoute, jsonBody, type RouteDocs } from '../../runtime/route.ts';
import * as ids from '../example-ids.ts';
import { contentType } from '../field-docs.ts';
import { File } from '../files-responses.ts';
import * as examples from '../task-examples.ts';

export const response = File;

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: filesPath,
  function: 'create-file',
  access: { scope: 'generate' },
  rateLimit: 'calls',
  body: jsonBody(FileRequest),
  errors: ['rate_limit_exceeded', 'internal_error'],
});

export const docs = (): RouteDocs => ({
  id: 'createFile',
  tag: 'Pictures',
  summary: 'Upload a picture',
  description:
    'Returns a form to upload a picture with, and an address to use in `image_urls` of later tasks.',
  body: {
    name: 'FileRequest',
    fields: {
      '': { description: 'What will be uploaded' },
      content_type: contentType,
    },
    examples: { png: { content_type: 'image/png' } },
  },
  response: {
    name: 'File',
    description: 'The place for the picture',
    examples: {
      png: {
        id: ids.fileId,
        object: 'file',
        url: `${ids.host}/v1/files/${ids.fileId}`,
        expires_at: 1_772_530_240,
        upload: uploadView(examples.uploadForm(`files/${ids.account}/${ids.fileId}`)),
      },
    },
  },
});
