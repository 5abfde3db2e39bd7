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

/** Where a file shall lie. */
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

const whatIsTaken = `The file is a whole JPEG, PNG, WebP or BMP by its content, whatever it claims to be. It is kept for ${hostedFileTtlMs / hourMs} hours, counts once against the quota, and counts as a request of the key like a create.`;

/** An upload whose file is in the body. */
export const inTheBody = `${whatIsTaken} At most ${maxUploadBytes} bytes (\`max_upload_bytes\` of the quota). A body of more than 6 MB never reaches this API: the gateway in front answers it in its own words, \`{"message"}\`. Send the address of a larger file to \`/api/v1/files/upload/url\`, or upload it with \`POST /v1/files\`.`;

/** An upload whose file is somewhere else. */
export const atAnAddress = `${whatIsTaken} At most ${maxInputBytes / 1024 ** 2} MB, and it must arrive within ${pictureDownloadMs / 1000} seconds.`;

/** What a link carries. */
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

/** What is behind a link. */
export const linkResponse: RouteDocs['response'] = {
  picture: `The picture, if it has at most ${maxDeliveredBytes / 1024 ** 2} MB; HEAD says type and size`,
  redirect: 'A larger picture is at another address for some minutes',
};
