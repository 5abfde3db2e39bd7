import {
  fileNameRule,
  maxNameCodePoints,
  maxPathCodePoints,
  uploadPathRule,
} from '../domain/files/file-name.ts';
import { maxInputBytes } from '../domain/model/catalogue.ts';
import { hourMs } from '../domain/model/duration.ts';
import { hostedFileTtlMs, maxUploadBytes } from '../domain/model/hosted-file.ts';
import { pictureDownloadMs } from '../domain/model/task.ts';
import { maxDeliveredBytes } from '../domain/wire/deliver-picture.ts';
import { filesResponse } from '../domain/wire/files-envelope.ts';
import type { FieldDocs, RouteDocs } from '../runtime/route.ts';
import * as ids from './example-ids.ts';

// What the document says about the Files API in several places.

const signature = 'b0PZ7d2Xv2mHkq5Qm3b1sW8cJr4tYgN6uLxAeKfDiOo';
const link = (path: string) =>
  `${ids.host}/api/v1/files/${path}?expires=1772703000&signature=${signature}`;

/** A stored file. */
export const hostedFile = {
  file_id: ids.hostedFileId,
  file_name: 'cat.jpg',
  original_name: 'IMG_0042.jpg',
  file_size: 245_120,
  mime_type: 'image/jpeg',
  upload_path: 'photos',
  file_url: link(`content/${ids.hostedFileId}.jpg`),
  download_url: link(`download/${ids.hostedFileId}`),
  upload_time: '2026-03-02T09:30:00Z',
  expires_at: '2026-03-05T09:30:00Z',
};

export const uploadResponse: RouteDocs['response'] = {
  name: 'FileUpload',
  description: 'The stored file',
  examples: { stored: filesResponse('File uploaded successfully', hostedFile) },
};

/** The fields that say where to store a file. */
export const placeFields = {
  upload_path: {
    description: `Where to put it; by default \`images\`. It ${uploadPathRule}`,
    maxLength: maxPathCodePoints,
  },
  file_name: {
    description: `What to call it; by default a new name. A file of this name in this path is replaced. It ${fileNameRule}`,
    maxLength: maxNameCodePoints,
  },
} satisfies Record<string, FieldDocs>;

const acceptedFiles = `The content must be a whole JPEG, PNG, WebP or BMP picture, whatever type the request claims. The file is kept for ${hostedFileTtlMs / hourMs} hours and counts once against the quota. The upload counts as a request of the key, like a create.`;

/** An upload whose file is in the body. */
export const inTheBody = `${acceptedFiles} At most ${maxUploadBytes} bytes (\`max_upload_bytes\` of the quota). A body of more than 6 MB never reaches this API: the gateway in front rejects it with its own error body, \`{"message"}\`. Send the address of a larger file to \`/api/v1/files/upload/url\`, or upload it with \`POST /v1/files\`.`;

/** An upload whose file is somewhere else. */
export const atAnAddress = `${acceptedFiles} At most ${maxInputBytes / 1024 ** 2} MB, and it must arrive within ${pictureDownloadMs / 1000} seconds.`;

/** The query of a link. */
export const linkFields: Readonly<Record<string, FieldDocs>> = {
  '': { description: 'The permission', required: ['expires', 'signature'] },
  expires: {
    description: 'Until when the link works',
    type: 'integer',
    minimum: 0,
    default: undefined,
  },
  signature: { description: 'The signature of the link', default: undefined },
};

/** The responses to a link. */
export const linkResponse: RouteDocs['response'] = {
  picture: `The picture, if it has at most ${maxDeliveredBytes / 1024 ** 2} MB; HEAD gives its type and size`,
  redirect: 'A larger picture is at another address for some minutes',
};
