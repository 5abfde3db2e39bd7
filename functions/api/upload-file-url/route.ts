import { UrlUploadRequest } from '../../domain/files/upload-request.ts';
import { uploadUrlPath } from '../../domain/model/paths.ts';
import { defineRoute, jsonBody, type RouteDocs } from '../../runtime/route.ts';
import { envelope, uploadErrors } from '../files-api.ts';
import { atAnAddress, placeFields, uploadResponse } from '../files-docs.ts';
import { FileUpload } from '../files-responses.ts';

export const response = FileUpload;

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: uploadUrlPath,
  function: 'upload-file',
  access: { scope: 'generate' },
  rateLimit: 'creates',
  slowBecause: 'it fetches a file from the internet',
  body: jsonBody(UrlUploadRequest),
  envelope,
  errors: [...uploadErrors, 'file_download_failed'],
});

export const docs = (): RouteDocs => ({
  id: 'uploadFileUrl',
  tag: 'Files',
  summary: 'Store a picture from an address',
  description: atAnAddress,
  body: {
    name: 'UrlUploadRequest',
    fields: {
      '': { description: 'The address of a file, and where to put it' },
      file_url: { description: 'A public http or https address', format: 'uri' },
      ...placeFields,
    },
    examples: {
      photo: { file_url: 'https://example.com/photos/IMG_0042.jpg', file_name: 'cat.jpg' },
    },
  },
  response: uploadResponse,
});
