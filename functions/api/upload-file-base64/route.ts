import { Base64UploadRequest } from '../../domain/files/upload-request.ts';
import { defineRoute, jsonBody, type RouteDocs } from '../../runtime/route.ts';
import { envelope, uploadErrors } from '../files-api.ts';
import { inTheBody, placeFields, uploadResponse } from '../files-docs.ts';
import { FileUpload } from '../files-responses.ts';

export const response = FileUpload;

/** The largest event that Lambda accepts. The limit for the file itself is smaller. */
const maxBytes = 6 * 1024 * 1024;

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: '/api/v1/files/upload/base64',
  function: 'upload-file',
  access: { scope: 'generate' },
  rateLimit: 'creates',
  body: jsonBody(Base64UploadRequest, { maxBytes }),
  envelope,
  errors: uploadErrors,
});

export const docs = (): RouteDocs => ({
  id: 'uploadFileBase64',
  tag: 'Files',
  summary: 'Store a picture that is sent as Base64',
  description: inTheBody,
  body: {
    name: 'Base64UploadRequest',
    fields: {
      '': { description: 'A file and where to put it' },
      base64_data: { description: 'The file in Base64, alone or as a `data:` address' },
      ...placeFields,
    },
    examples: {
      dataUrl: { base64_data: 'data:image/jpeg;base64,/9j/4AAQSkZJRg==', file_name: 'cat.jpg' },
    },
  },
  response: uploadResponse,
});
