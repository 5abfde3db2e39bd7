import {
  defaultModel,
  type Model,
  modelNames,
  models,
  widestLimits,
  widestSizeLimits,
} from '../../domain/model/catalogue.ts';
import { minuteMs, spellNumber } from '../../domain/model/duration.ts';
import { formatList } from '../../domain/model/image-format.ts';
import { createTaskPath } from '../../domain/model/paths.ts';
import {
  attemptTimeoutMs,
  callbackEventId,
  maxSignedUrlLength,
  startGraceMs,
  uploadFormMs,
} from '../../domain/model/task.ts';
import { laneWeights } from '../../domain/providers/fair-order.ts';
import {
  autoSize,
  GenerationRequest,
  maxNegativePromptCodePoints,
  metadataLimits,
  ratiosOf,
  sizePattern,
  sizeWords,
} from '../../domain/wire/request.ts';
import { CreatedTask } from '../../domain/wire/task-schemas.ts';
import { defineRoute, type FieldDocs, jsonBody, type RouteDocs } from '../../runtime/route.ts';
import { signedCallback } from '../callback-docs.ts';
import { taskId } from '../example-ids.ts';
import { contentType } from '../field-docs.ts';
import * as examples from '../task-examples.ts';

export const response = CreatedTask;

export const route = defineRoute<typeof response>()({
  method: 'POST',
  path: createTaskPath,
  function: 'create-task',
  access: { scope: 'generate' },
  rateLimit: 'creates',
  idempotent: true,
  wait: 'offered',
  body: jsonBody(GenerationRequest),
  errors: [
    'insufficient_quota',
    'KEY_QUOTA_EXHAUSTED',
    'KEY_DAILY_QUOTA_EXHAUSTED',
    'daily_budget_exhausted',
    'KEY_MODEL_NOT_ALLOWED',
    'idempotency_conflict',
    'rate_limit_exceeded',
    'internal_error',
    'service_unavailable',
  ],
});

export const docs = (): RouteDocs => ({
  id: 'createTask',
  tag: 'Tasks',
  summary: 'Create a task',
  description:
    'Accepts a task and reserves its price. The response comes at once, the images come later with the task. Only images that were made are charged.',
  body: {
    name: 'GenerationRequest',
    fields: fields(),
    examples: {
      addresses: { prompt: 'Make it snow', n: 2, ...pictures, metadata: { order: '7' } },
      uploads: { prompt: 'Make it snow', image_uploads: [{ content_type: 'image/png' }] },
      everything: {
        model: 'wan2.5-image-to-image',
        prompt: 'Put the cat of image 1 into image 2',
        image_urls: [...pictures.image_urls, 'https://example.com/garden.jpg'],
        n: 1,
        negative_prompt: 'blurred',
        size: '1280x960',
        seed: 7,
        prompt_extend: true,
        watermark: false,
        callback_url: 'https://shop.example.com/done',
      },
    },
  },
  response: {
    name: 'CreatedTask',
    description: 'The task, which begins now',
    examples: examples.createdTask,
  },
  callbacks: {
    taskEnded: signedCallback('{$request.body#/callback_url}', {
      id: 'taskEnded',
      tag: 'Tasks',
      summary: 'A task has ended',
      description: `Sent to \`callback_url\` when the task has ended, and repeated until the receiver responds with a 2xx within ${attemptTimeoutMs / 1000} seconds. Verify the signature with the secret of your account: standardwebhooks.com has libraries.`,
      eventId: callbackEventId(taskId),
      schema: 'CallbackBody',
      examples: { completed: examples.callbackBody },
    }),
  },
});

const pictures = { image_urls: ['https://example.com/cat.png'] };

/** What a picture must be, in words: once if all models accept the same pictures, else for each model. */
export function describePictures(catalogue: readonly Model[] = models): string {
  const format = `${formatList} without transparency`;
  const limits = catalogue.map(({ id, image: { maxBytes, minSide, maxSide } }) => ({
    id,
    text: `up to ${maxBytes / 1024 / 1024} MB, sides of ${minSide} to ${maxSide} pixels`,
  }));
  const [first, ...others] = new Set(limits.map(({ text }) => text));
  if (others.length === 0) return `${format}, ${first}`;
  return `${format}; ${limits.map(({ id, text }) => `with ${id} ${text}`).join('; ')}`;
}

function fields(): Record<Exclude<keyof GenerationRequest, 'ignored'> | '', FieldDocs> {
  const aboutPictures = describePictures();
  const sizes = sizeWords(widestSizeLimits());
  return {
    '': {
      description:
        'What to make. Pictures come as `image_urls` or as `image_uploads`, one of the two. `null` is the same as no value. A field that is not listed here is ignored, and the response names it in `warnings`. But a field that would change the images or the price (a mask, a tier, further pictures) is refused.',
      additionalProperties: undefined,
    },
    model: {
      description: 'The model to use; `GET /v1/models` lists them',
      enum: [...modelNames(), null],
      default: defaultModel.id,
    },
    prompt: {
      description: 'What to do with the pictures, in words. Counted in Unicode code points',
      minLength: 1,
      maxLength: widestLimits().maxPromptCodePoints,
      pattern: '\\S',
    },
    image_urls: {
      description: `The addresses of the pictures to edit, downloadable without a login, or those of uploaded files. ${aboutPictures}`,
      items: {
        type: 'string',
        maxLength: maxSignedUrlLength,
        format: 'uri',
        pattern: '^https?://',
      },
    },
    image_uploads: {
      description: `The pictures to edit, when they have no address. The response has an upload form for each one, which works for ${uploadFormMs / minuteMs} minutes. The task starts when the last picture has arrived; if one is missing, it fails after ${(uploadFormMs + startGraceMs) / minuteMs} minutes. ${aboutPictures}`,
      items: {
        type: 'object',
        required: ['content_type'],
        properties: { content_type: contentType },
      },
    },
    n: { description: 'How many images to make; each one is charged', default: 1 },
    callback_url: {
      description:
        'Where to send the task when it has ended: an `https` address on the public internet',
      pattern: '^(https?://|$)',
    },
    negative_prompt: {
      description: 'What should not be in the images',
      maxLength: maxNegativePromptCodePoints,
      pattern: '^$|\\S',
    },
    size: {
      description: `Width and height of the images: ${sizes.pixels}, with a ratio of the sides from ${sizes.ratios.tallest} to ${sizes.ratios.widest}. Or a ratio, for which the model has a size. Without \`size\`, or with \`${autoSize}\`, the images have the proportions of the last picture`,
      pattern: `^(${[autoSize, ...ratiosOf()].join('|')}|${sizePattern.source.slice(1, -1)})?$`,
    },
    seed: { description: 'The same seed and request make similar images' },
    prompt_extend: { description: 'Whether the model may elaborate the prompt' },
    watermark: { description: 'Whether the images say that they were made by a machine' },
    lane: {
      description: `Where the task waits when a provider has no room. Of the waiting tasks of an account, ${spellNumber(laneWeights.interactive / laneWeights.bulk)} in \`interactive\` are served for each one in \`bulk\`. Use \`bulk\` for many tasks at once that nobody watches. The price is the same`,
      default: 'interactive',
    },
    metadata: {
      description: 'Texts of your own, which come back with the task',
      maxProperties: metadataLimits.texts,
    },
  };
}
