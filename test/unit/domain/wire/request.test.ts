import { describe, expect, test } from 'vitest';
import type * as z from 'zod';
import { defaultModel, models } from '../../../../functions/domain/model/catalogue.ts';
import {
  FileRequest,
  generationRequest,
  isValidSize,
  ratiosOf,
} from '../../../../functions/domain/wire/request.ts';
import { serve } from '../../../../functions/runtime/http.ts';
import { defineRoute, jsonBody } from '../../../../functions/runtime/route.ts';
import { sampleCaller } from '../../../support/tasks.ts';
import { bodyOf, event } from '../../runtime/event.ts';
import { lines } from '../../runtime/lines.ts';

lines();
const services = {
  authenticate: async () => sampleCaller,
  countCall: async () => {},
  admitCreate: async () => ({ caller: sampleCaller, headers: {} }),
};
/** A route that responds with the body as its schema parses it. */
const echo = <T>(schema: z.ZodType<T>) =>
  serve(
    defineRoute<z.ZodUnknown>()({
      method: 'POST',
      path: '/v1/images/generations',
      function: 'create-task',
      access: { scope: 'generate' },
      body: jsonBody(schema),
      errors: [],
    }),
    async ({ body }) => ({ body }),
    services,
  );
/** The schema of a catalogue that has this model alone: the messages below are its limits. */
const GenerationRequest = generationRequest([defaultModel]);
const sendGeneration = echo(GenerationRequest);
const sendFile = echo(FileRequest);

const picture = 'https://example.com/cat.png';
const valid = { prompt: 'a starry sky', image_urls: [picture] };
const allFields = [
  'model',
  'n',
  'image_uploads',
  'callback_url',
  'negative_prompt',
  'size',
  'seed',
  'prompt_extend',
  'watermark',
  'lane',
  'metadata',
  'mask_url',
  'quality',
];
const characters = (count: number, character = 'x') => character.repeat(count);
const entries = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, 'value']));

const rules = {
  model: 'model must be one of: wan2.5-image-to-image',
  prompt: 'prompt is required: a text of 1 to 2000 characters',
  urls: 'image_urls must be a list of 1 to 2 picture addresses',
  url: 'must be an absolute https address of at most 8192 characters',
  data: 'must be the address of a picture, not the picture itself: send image_uploads and upload the picture with the form in the response, or upload it with POST /v1/files first',
  none: 'image_urls is required: 1 or 2 picture addresses; or send image_uploads, like [{"content_type": "image/png"}], and get a form to upload each picture with',
  both: 'image_urls and image_uploads exclude each other: send one of them',
  uploads: 'image_uploads must be a list of 1 to 2 objects like {"content_type": "image/png"}',
  type: 'content_type must be one of: image/jpeg, image/png, image/webp, image/bmp',
  n: 'n must be a whole number from 1 to 4',
  callback: 'callback_url must be an https address of at most 2048 characters',
  negative: 'negative_prompt must be a text of 1 to 500 characters',
  size: 'size must be like 1280x1280: 768x768 to 1280x1280 pixels in all, sides between 1:4 and 4:1; or one of 1:1, 2:3, 3:2, 3:4, 4:3, 9:16, 16:9, 21:9; or auto',
  seed: 'seed must be a whole number from 0 to 2147483647',
  lane: 'lane must be one of: interactive, bulk',
  metadata:
    'metadata must be an object of at most 16 texts: keys up to 64, values up to 512 characters',
} as const;

describe('200', () => {
  test('a missing field has its default', async () => {
    const response = await sendGeneration(event({ body: valid }));

    expect(bodyOf(response)).toEqual({
      ...valid,
      model: 'wan2.5-image-to-image',
      n: 1,
      ignored: [],
    });
  });

  test('every field is parsed', async () => {
    const full = {
      model: 'wan2.5-image-to-image',
      prompt: 'a starry sky',
      n: 4,
      image_uploads: [{ content_type: 'image/jpeg' }, { content_type: 'image/bmp' }],
      callback_url: 'https://example.com/hook',
      negative_prompt: 'clouds',
      size: '1280x720',
      seed: 0,
      prompt_extend: false,
      watermark: true,
      lane: 'bulk',
      metadata: { order: '7' },
    };

    expect(bodyOf(await sendGeneration(event({ body: full })))).toEqual({ ...full, ignored: [] });
  });

  test('an unknown field is ignored, as in the published API, and named', async () => {
    const unknown = { quality: 'high', response_format: 'url', nested: { a: [1] } };

    const response = await sendGeneration(event({ body: { ...valid, ...unknown } }));

    expect(bodyOf(response)).toEqual({
      ...valid,
      model: 'wan2.5-image-to-image',
      n: 1,
      ignored: ['quality', 'response_format', 'nested'],
    });
  });

  test('at most 20 unknown fields are named, each with at most 64 characters', async () => {
    const body = { ...valid, ...entries(30), [`${characters(64)}y`]: 1 };
    const long = { ...valid, [`${characters(64)}y`]: 1 };

    expect(bodyOf(await sendGeneration(event({ body })))).toHaveProperty('ignored.length', 20);
    expect(bodyOf(await sendGeneration(event({ body: long })))).toMatchObject({
      ignored: [`${characters(64)}…`],
    });
  });

  test.each([
    ['null', null, allFields],
    ['an empty text', '', ['callback_url', 'negative_prompt', 'size', 'mask_url', 'quality']],
    ['an empty list', [], ['image_uploads', 'images', 'loras']],
    ['a text that leaves the choice to us', 'auto', ['size', 'service_tier', 'background']],
  ])('%s is no value: a typed client sends it for what is not set', async (_what, value, names) => {
    const unset = Object.fromEntries(names.map((name) => [name, value]));

    const response = await sendGeneration(event({ body: { ...unset, ...valid } }));

    expect(bodyOf(response)).toEqual({
      ...valid,
      model: 'wan2.5-image-to-image',
      n: 1,
      ignored: [],
    });
  });

  test('an empty list of addresses is no value beside uploads', async () => {
    const image_uploads = [{ content_type: 'image/png' }];

    const response = await sendGeneration(
      event({ body: { ...valid, image_urls: [], image_uploads } }),
    );

    expect(bodyOf(response)).toMatchObject({ image_uploads });
    expect(bodyOf(response)).not.toHaveProperty('image_urls');
  });

  test.each([
    ['1:1', '1280x1280'],
    ['3:4', '960x1280'],
    ['16:9', '1280x720'],
    ['21:9', '1344x576'],
  ])('the ratio %s stands for the size %s', async (size, pixels) => {
    const response = await sendGeneration(event({ body: { ...valid, size } }));

    expect(bodyOf(response)).toMatchObject({ size: pixels });
  });

  test('the model has sizes for ratios', () => {
    expect(ratiosOf()).not.toEqual([]);
  });

  test.each(ratiosOf())('the size of the ratio %s is one that the model takes', async (size) => {
    const [width = 0, height = 0] = (defaultModel.sizes[size] ?? '').split('x').map(Number);
    const [wide = 0, tall = 0] = size.split(':').map(Number);

    expect(isValidSize(`${width}x${height}`)).toBe(true);
    expect(Math.abs(width / height / (wide / tall) - 1)).toBeLessThan(0.001);
  });

  test.each(['wan2.5-i2i-preview', 'wan2.5-i2i'])(
    '%s is another name of the model',
    async (model) => {
      const response = await sendGeneration(event({ body: { ...valid, model } }));

      expect(bodyOf(response)).toMatchObject({ model: 'wan2.5-image-to-image' });
    },
  );

  test('an operator can give the model further names, and the names of built-in properties are not among them', () => {
    const schema = generationRequest(models, { 'our-model': defaultModel.id, gone: 'wan1' });

    expect(schema.parse({ ...valid, model: 'our-model' }).model).toBe(defaultModel.id);
    for (const model of ['gone', 'constructor', 'their-model']) {
      expect(schema.safeParse({ ...valid, model }).success).toBe(false);
    }
  });

  test.each([
    ['image/jpg', 'image/jpeg'],
    ['image/pjpeg', 'image/jpeg'],
    ['image/x-png', 'image/png'],
    ['IMAGE/PNG', 'image/png'],
    ['image/x-ms-bmp', 'image/bmp'],
  ])('an upload may be called %s: its form says %s', async (content_type, type) => {
    const body = { prompt: 'a starry sky', image_uploads: [{ content_type }] };

    expect(bodyOf(await sendGeneration(event({ body })))).toMatchObject({
      image_uploads: [{ content_type: type }],
    });
    expect(bodyOf(await sendFile(event({ body: { content_type } })))).toEqual({
      content_type: type,
    });
  });

  test('a prompt may contain the replacement character U+FFFD', async () => {
    const prompt = 'caf\uFFFD';

    expect(bodyOf(await sendGeneration(event({ body: { ...valid, prompt } })))).toMatchObject({
      prompt,
    });
  });

  test.each([
    ['a prompt of 2000 characters', { prompt: characters(2000) }],
    ['a prompt of 2000 emoji, each one character', { prompt: characters(2000, '🌌') }],
    ['a negative prompt of 500 emoji', { negative_prompt: characters(500, '🌌') }],
    ['two pictures', { image_urls: [picture, picture] }],
    ['four images', { n: 4 }],
    ['the largest seed', { seed: 2_147_483_647 }],
    ['a size with an asterisk', { size: '768*768' }],
    ['the lane that is the default', { lane: 'interactive' }],
    ['16 metadata', { metadata: entries(16) }],
    ['no metadata in its object', { metadata: {} }],
    ['the longest metadata', { metadata: { [characters(64)]: characters(512) } }],
    ['an address of 8192 characters', { image_urls: [`https://a.b/${characters(8180)}`] }],
  ])('%s is accepted', async (_what, fields) => {
    const response = await sendGeneration(event({ body: { ...valid, ...fields } }));

    expect(response.statusCode).toBe(200);
    expect(bodyOf(response)).toMatchObject(fields);
  });
});

describe('400', () => {
  type Wrong = readonly [what: string, fields: object, param: string, message: string];

  test.each<Wrong>([
    ['an unknown model', { model: 'wan3' }, 'model', rules.model],
    ['a model that is no text', { model: 5 }, 'model', rules.model],
    ['an empty model', { model: '' }, 'model', rules.model],
    ['no prompt', { prompt: undefined }, 'prompt', rules.prompt],
    ['an empty prompt', { prompt: '' }, 'prompt', rules.prompt],
    ['a blank prompt', { prompt: ' \n\t ' }, 'prompt', rules.prompt],
    ['a prompt of 2001 characters', { prompt: characters(2001) }, 'prompt', rules.prompt],
    ['a prompt of 2001 emoji', { prompt: characters(2001, '🌌') }, 'prompt', rules.prompt],
    ['a prompt that is a list', { prompt: ['a'] }, 'prompt', rules.prompt],
    ['no picture at all', { image_urls: undefined }, 'image_urls', rules.none],
    ['null for pictures', { image_urls: null }, 'image_urls', rules.none],
    ['an empty list of pictures', { image_urls: [] }, 'image_urls', rules.none],
    [
      'a picture instead of its address',
      { image_urls: [picture, `data:image/png;base64,${characters(9000)}`] },
      'image_urls[1]',
      `image_urls[1] ${rules.data}`,
    ],
    [
      'a mask',
      { mask_url: picture },
      'mask_url',
      'mask_url is not possible here: a picture is edited as a whole; describe in the prompt what to change',
    ],
    [
      'a picture in an unknown field',
      { image_url: picture },
      'image_url',
      'image_url is not a field here: send the addresses of all pictures in image_urls',
    ],
    [
      'another name for n',
      { num_images: 4 },
      'num_images',
      'num_images is not a field here: send n',
    ],
    [
      'a tier with another price',
      { service_tier: 'priority' },
      'service_tier',
      'service_tier is not a field here: every task has the same price; a task with "lane": "bulk" lets your other tasks go first',
    ],
    ['three pictures', { image_urls: [picture, picture, picture] }, 'image_urls', rules.urls],
    ['one picture outside a list', { image_urls: picture }, 'image_urls', rules.urls],
    [
      'a picture that is no text',
      { image_urls: [picture, 7] },
      'image_urls[1]',
      `image_urls[1] ${rules.url}`,
    ],
    [
      'a picture address of 8193 characters',
      { image_urls: [characters(8193)] },
      'image_urls[0]',
      `image_urls[0] ${rules.url}`,
    ],
    [
      'both ways to give pictures',
      { image_uploads: [{ content_type: 'image/png' }] },
      'image_uploads',
      rules.both,
    ],
    ['0 images', { n: 0 }, 'n', rules.n],
    ['5 images', { n: 5 }, 'n', rules.n],
    ['-1 images', { n: -1 }, 'n', rules.n],
    ['"2" images', { n: '2' }, 'n', rules.n],
    ['1.5 images', { n: 1.5 }, 'n', rules.n],
    ['an empty text of images', { n: '' }, 'n', rules.n],
    ['a callback that is no text', { callback_url: {} }, 'callback_url', rules.callback],
    [
      'a callback of 2049 characters',
      { callback_url: characters(2049) },
      'callback_url',
      rules.callback,
    ],
    ['a blank negative prompt', { negative_prompt: ' ' }, 'negative_prompt', rules.negative],
    [
      'a negative prompt of 501',
      { negative_prompt: characters(501) },
      'negative_prompt',
      rules.negative,
    ],
    ['a size in words', { size: 'square' }, 'size', rules.size],
    ['a size that is too large', { size: '4000x4000' }, 'size', rules.size],
    ['a size that is no text', { size: 1280 }, 'size', rules.size],
    ['a ratio without a size', { size: '5:4' }, 'size', rules.size],
    ['a size in thousands', { size: '2K' }, 'size', rules.size],
    ['a negative seed', { seed: -1 }, 'seed', rules.seed],
    ['a seed above 31 bits', { seed: 2_147_483_648 }, 'seed', rules.seed],
    ['half a seed', { seed: 0.5 }, 'seed', rules.seed],
    [
      'prompt_extend as a text',
      { prompt_extend: 'true' },
      'prompt_extend',
      'prompt_extend must be true or false',
    ],
    ['watermark as a number', { watermark: 1 }, 'watermark', 'watermark must be true or false'],
    ['an unknown lane', { lane: 'express' }, 'lane', rules.lane],
    ['metadata that is a list', { metadata: [] }, 'metadata', rules.metadata],
    ['17 metadata', { metadata: entries(17) }, 'metadata', rules.metadata],
    ['metadata that is no text', { metadata: { order: 7 } }, 'metadata.order', rules.metadata],
    [
      'a metadata value of 513',
      { metadata: { order: characters(513) } },
      'metadata.order',
      rules.metadata,
    ],
    ['a metadata key of 65', { metadata: { [characters(65)]: 'x' } }, 'metadata', rules.metadata],
    ['an empty metadata key', { metadata: { '': 'x' } }, 'metadata', rules.metadata],
  ])('%s is rejected, and the message has the rule', async (_what, fields, param, message) => {
    const response = await sendGeneration(event({ body: { ...valid, ...fields } }));

    expect(response.statusCode).toBe(400);
    expect(bodyOf(response)).toEqual({
      error: { code: 'invalid_request', message, type: 'invalid_request_error', param },
    });
  });

  const upload = (...image_uploads: unknown[]) => ({ prompt: 'a starry sky', image_uploads });

  test.each([
    ['an empty list', upload(), 'image_urls', rules.none],
    [
      'three uploads',
      upload(...Array.from({ length: 3 }, () => ({ content_type: 'image/png' }))),
      'image_uploads',
      rules.uploads,
    ],
    ['a list of texts', upload('image/png'), 'image_uploads[0]', rules.uploads],
    [
      'a content type that is not supported',
      upload({ content_type: 'image/gif' }),
      'image_uploads[0].content_type',
      rules.type,
    ],
    [
      'a second upload without a type',
      upload({ content_type: 'image/png' }, {}),
      'image_uploads[1].content_type',
      rules.type,
    ],
  ])('%s in image_uploads is rejected', async (_what, body, param, message) => {
    expect(bodyOf(await sendGeneration(event({ body })))).toMatchObject({
      error: { param, message },
    });
  });

  test('the first wrong field is named when there are several', async () => {
    const body = { prompt: '', n: 0, image_urls: [] };

    expect(bodyOf(await sendGeneration(event({ body })))).toMatchObject({
      error: { param: 'prompt' },
    });
  });

  test.each(['[]', '"text"', '7', 'null'])(
    'the body %s is rejected: it is not an object',
    async (body) => {
      expect(bodyOf(await sendGeneration(event({ body })))).toMatchObject({
        error: { message: 'The body must be a JSON object.', param: null },
      });
    },
  );
});

describe('a body with values that JSON.stringify never writes', () => {
  const sent = (field: string, value: string) =>
    `{"prompt":"a starry sky","image_urls":["${picture}"],"${field}":${value}}`;

  test.each([
    ['n', '1e999', rules.n],
    ['n', '-1e400', rules.n],
    ['n', '12345678901234567890', rules.n],
    ['n', '1e-400', rules.n],
    ['seed', '1e400', rules.seed],
    ['seed', '12345678901234567890', rules.seed],
    ['seed', '4.9e-324', rules.seed],
    ['metadata', '{"order":1e999}', rules.metadata],
    ['metadata', '{"toString":{}}', rules.metadata],
    ['metadata', '{"constructor":{"prototype":{"polluted":"yes"}}}', rules.metadata],
  ])('is rejected with 400 when %s is %s', async (field, value, message) => {
    const response = await sendGeneration(event({ body: sent(field, value) }));

    expect(response.statusCode).toBe(400);
    expect(bodyOf(response)).toMatchObject({ error: { code: 'invalid_request', message } });
    expect(Object({})).not.toHaveProperty('polluted');
  });

  test.each([
    ['n', '1.0', 1],
    ['n', '20e-1', 2],
    ['seed', '-0', 0],
  ])('is accepted when %s is %s', async (field, value, read) => {
    expect(bodyOf(await sendGeneration(event({ body: sent(field, value) })))).toMatchObject({
      [field]: read,
    });
  });

  test('may have metadata with any key, which stays plain data', async () => {
    const metadata = { constructor: 'a', prototype: 'b', toString: 'c', toJSON: 'd' };

    const response = await sendGeneration(
      event({ body: sent('metadata', JSON.stringify(metadata)) }),
    );

    expect(bodyOf(response)).toMatchObject({ metadata });
  });

  test('may have line breaks and tabs in its prompt', async () => {
    const prompt = 'first line\n\tsecond line\r\n';

    expect(bodyOf(await sendGeneration(event({ body: { ...valid, prompt } })))).toMatchObject({
      prompt,
    });
  });
});

describe('POST /v1/files', () => {
  test.each(['image/jpeg', 'image/png', 'image/webp', 'image/bmp'])(
    'accepts the content type %s',
    async (type) => {
      const response = await sendFile(event({ body: { content_type: type, more: 1 } }));

      expect(bodyOf(response)).toEqual({ content_type: type });
    },
  );

  test.each([
    {},
    { content_type: 'image/gif' },
    { content_type: null },
    { content_type: '__proto__' },
    { content_type: 'constructor' },
  ])('rejects %j with 400', async (body) => {
    const response = await sendFile(event({ body }));

    expect(response.statusCode).toBe(400);
    expect(bodyOf(response)).toMatchObject({
      error: { param: 'content_type', message: rules.type },
    });
  });
});
