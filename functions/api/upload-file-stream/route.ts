import * as z from 'zod';
import { defineRoute, formBody, type RouteDocs } from '../../runtime/route.ts';
import { envelope, uploadErrors } from '../files-api.ts';
import { inTheBody, placeFields, uploadResponse } from '../files-docs.ts';
import { FileUpload } from '../files-responses.ts';

export const response = FileUpload;

const Form = z.object({
  file: z.file(),
  upload_path: z.string().optional(),
  file_name: z.string().optional(),
});

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: '/api/v1/files/upload/stream',
  function: 'upload-file',
  access: { scope: 'generate' },
  rateLimit: 'creates',
  body: formBody(Form),
  envelope,
  errors: uploadErrors,
});

export const docs = (): RouteDocs => ({
  id: 'uploadFileStream',
  tag: 'Files',
  summary: 'Store a picture from a form',
  description: `${inTheBody} The names of the fields may be written \`uploadPath\` and \`fileName\` as well.`,
  body: {
    name: 'StreamUploadRequest',
    fields: {
      '': { description: 'A form with a file, and where to put the file' },
      file: { description: 'The file' },
      ...placeFields,
    },
    examples: { photo: { file: '(the bytes)', file_name: 'cat.jpg' } },
  },
  response: uploadResponse,
});
