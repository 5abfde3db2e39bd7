import { BatchRequest, ListRequest } from '../task/list-request.ts';
import { defaultModel, models } from '../task/models.ts';
import { FileRequest, GenerationRequest } from '../task/request.ts';
import { requestSchema, type Words } from './json-schema.ts';
import { limitAndCursor, wholeNumber } from './paging.ts';

// What callers send. The limits come from the schemas and the model table.

const { image } = defaultModel;
const megabytes = image.maxBytes / 1024 / 1024;
const notBlank = { pattern: '\\S' };
const https = { format: 'uri', pattern: '^https?://' };
const aboutPictures = `JPEG, PNG without transparency, WebP or BMP, up to ${megabytes} MB, sides of ${image.minSide} to ${image.maxSide} pixels`;
const unixSeconds = { ...wholeNumber, minimum: 0, maximum: 99_999_999_999 };
const model = { enum: models.map(({ id }) => id) };
const perPicture = {
  content_type: { type: 'string', description: 'The media type of the picture' },
};

const generation: Record<keyof typeof GenerationRequest.shape | '', Words> = {
  '': {
    description:
      'What to paint. Pictures come as `image_urls` or as `image_uploads`, one of the two. Fields that are not listed here are ignored.',
    oneOf: [{ required: ['image_urls'] }, { required: ['image_uploads'] }],
  },
  model: { description: 'Which model paints; `GET /v1/models` lists them', ...model },
  prompt: {
    description: 'What to do with the pictures, in words. Counted in Unicode code points',
    ...{ minLength: 1, maxLength: defaultModel.maxPromptCodePoints, ...notBlank },
  },
  image_urls: {
    description: `The addresses of the pictures to edit, downloadable without a login, or those of uploaded files. ${aboutPictures}`,
    items: { type: 'string', maxLength: 2048, ...https },
  },
  image_uploads: {
    description: `The pictures to edit, of which none has an address: the answer has a form to upload each one with, and the task starts with the last. ${aboutPictures}`,
  },
  n: { description: 'How many images to make; each one is charged' },
  callback_url: {
    description:
      'Where to send the task when it has ended: an address on the public internet, at the standard port',
    ...https,
  },
  negative_prompt: {
    description: 'What should not be in the images',
    ...{ minLength: 1, maxLength: 500, ...notBlank },
  },
  size: {
    description:
      'Width and height of the images, 768x768 to 1280x1280 pixels in all and sides from 1:4 to 4:1; without it, the proportions of the last picture',
    pattern: '^\\d{2,4}[x*]\\d{2,4}$',
  },
  seed: { description: 'The same seed and request make similar images' },
  prompt_extend: { description: 'Whether the model may elaborate the prompt' },
  watermark: { description: 'Whether the images say that they were made by a machine' },
  metadata: { description: 'Texts of your own, which come back with the task', maxProperties: 16 },
};

const list: Record<keyof typeof ListRequest.shape | '', Words> = {
  '': { description: 'Which tasks to list' },
  ...limitAndCursor,
  status: { description: 'Only tasks with this status' },
  model: { description: 'Only tasks of this model', ...model },
  created_after: {
    description: 'Only tasks created at this time or later, in unix seconds',
    ...unixSeconds,
  },
  created_before: {
    description: 'Only tasks created before this time, in unix seconds',
    ...unixSeconds,
  },
};

/** The schemas of bodies, by the name they have in the document. */
export const taskBodies = {
  GenerationRequest: requestSchema(GenerationRequest, generation),
  BatchRequest: requestSchema(BatchRequest, {
    '': { description: 'Which tasks to read' },
    task_ids: { description: 'The ids of the tasks; what is none of yours is left out' },
  }),
  FileRequest: requestSchema(FileRequest, {
    '': { description: 'What will be uploaded' },
    ...perPicture,
  }),
};

export const listQuery = requestSchema(ListRequest, list);
