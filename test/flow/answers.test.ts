import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Body, startWorld, type World } from './world.ts';

// Every refusal of the routes, as a caller sees it: the status and the exact body.

let world: World;
let before: Record<string, number>;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());
beforeEach(async () => {
  before = await world.account();
});

const create = '/v1/images/generations';
const good = { prompt: 'A starry sky', image_urls: ['https://example.com/a.png'] };

const error = (code: string, type: string, message: string, param: string | null = null): Body => ({
  error: { code, message, type, param },
});
const invalid = (message: string, param: string | null) =>
  error('invalid_request', 'invalid_request_error', message, param);

const expectAnswer = async (status: number, body: Body, call: Promise<Body>) => {
  const answer = await call;
  expect(answer.body).toEqual(body);
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/json');
  expect(answer.headers.get('x-request-id')).toMatch(/\S/);
  expect(await world.account()).toEqual(before);
};

describe('400', () => {
  const urls =
    'image_urls is required: 1 or 2 picture addresses; or send image_uploads, like [{"content_type": "image/png"}], and get a form to upload each picture with';
  const prompt = 'prompt is required: a text of 1 to 2000 characters';
  const n = 'n must be a whole number from 1 to 4';
  const list = 'image_urls must be a list of 1 to 2 picture addresses';
  const https = 'must be an https address';
  const three = Array.from({ length: 3 }, () => good.image_urls[0]);

  test.each<[string, unknown, string, string | null]>([
    ['no JSON', '{"prompt": ', 'The body is not valid JSON.', null],
    ['nothing', '', 'The body must be a JSON object.', null],
    ['a list', [], 'The body must be a JSON object.', null],
    ['no prompt', { ...good, prompt: undefined }, prompt, 'prompt'],
    ['a blank prompt', { ...good, prompt: '  ' }, prompt, 'prompt'],
    ['2001 characters', { ...good, prompt: '🌌'.repeat(2001) }, prompt, 'prompt'],
    ['a number as prompt', { ...good, prompt: 7 }, prompt, 'prompt'],
    ['no picture', { prompt: 'A starry sky' }, urls, 'image_urls'],
    ['an empty list', { ...good, image_urls: [] }, list, 'image_urls'],
    ['three pictures', { ...good, image_urls: three }, list, 'image_urls'],
    ['one picture as text', { ...good, image_urls: good.image_urls[0] }, list, 'image_urls'],
    ['n = 0', { ...good, n: 0 }, n, 'n'],
    ['n = 5', { ...good, n: 5 }, n, 'n'],
    ['n = "2"', { ...good, n: '2' }, n, 'n'],
    [
      'another model',
      { ...good, model: 'dall-e' },
      'model must be one of: wan2.5-image-to-image',
      'model',
    ],
    [
      'an http callback',
      { ...good, callback_url: 'http://example.com/' },
      `callback_url ${https}`,
      'callback_url',
    ],
    [
      'an http picture',
      { ...good, image_urls: ['http://example.com/a.png'] },
      `image_urls[0] ${https}`,
      'image_urls[0]',
    ],
  ])('%s', async (_, body, message, param) => {
    await expectAnswer(400, invalid(message, param), world.call('POST', create, body));
  });

  test.each(['https://127.0.0.2/', 'https://10.0.0.1/', 'https://192.168.1.1/', 'https://[::1]/'])(
    'the private callback address %s',
    async (callback_url) => {
      await expectAnswer(
        400,
        invalid('callback_url must not point to a private address', 'callback_url'),
        world.create({ ...good, callback_url }),
      );
    },
  );

  test('an idempotency key that is none', async () => {
    await expectAnswer(
      400,
      invalid(
        'The header Idempotency-Key must be 16 to 96 characters out of A-Z a-z 0-9 . _ -',
        'Idempotency-Key',
      ),
      world.create(good, { 'idempotency-key': 'short' }),
    );
  });

  test('a task id that is none', async () => {
    await expectAnswer(
      400,
      error(
        'invalid_task_id',
        'invalid_request_error',
        "A task id starts with 'task-unified-' and is the one the create call answered.",
        'task_id',
      ),
      world.call('GET', '/v1/tasks/cgt-2026'),
    );
  });

  test.each([
    ['limit=0', 'limit must be a whole number from 1 to 100', 'limit'],
    ['cursor=x', 'cursor must be the next_cursor of an earlier answer', 'cursor'],
    ['status=done', 'status must be one of: pending, processing, completed, failed', 'status'],
  ])('a list with %s', async (query, message, param) => {
    await expectAnswer(400, invalid(message, param), world.call('GET', `/v1/tasks?${query}`));
  });

  test('a batch of nothing', async () => {
    await expectAnswer(
      400,
      invalid('task_ids must be a list of 1 to 50 task ids', 'task_ids'),
      world.call('POST', '/v1/tasks/batch', { task_ids: [] }),
    );
  });

  test('a file of a type that is no picture', async () => {
    await expectAnswer(
      400,
      invalid(
        'content_type must be one of: image/jpeg, image/png, image/webp, image/bmp',
        'content_type',
      ),
      world.call('POST', '/v1/files', { content_type: 'application/pdf' }),
    );
  });
});

describe('401', () => {
  const none = 'Send your API key in the header "Authorization: Bearer <key>".';
  const wrong = 'The API key is not valid.';
  const routes = [
    ['POST', create],
    ['GET', '/v1/tasks/task-unified-1757156493-imcg5zqt'],
    ['GET', '/v1/tasks'],
    ['POST', '/v1/tasks/batch'],
    ['POST', '/v1/files'],
    ['GET', '/v1/models'],
  ] as const;

  test.each(routes)('%s %s without a key', async (method, path) => {
    await expectAnswer(
      401,
      error('unauthorized', 'authentication_error', none),
      world.call(method, path, undefined, { authorization: '' }),
    );
  });

  test.each(routes)('%s %s with a key that nobody was given', async (method, path) => {
    await expectAnswer(
      401,
      error('unauthorized', 'authentication_error', wrong),
      world.call(method, path, undefined, { authorization: `Bearer sk-dr-${'x'.repeat(43)}` }),
    );
  });

  test('comes before everything that could be said about the body', async () => {
    await expectAnswer(
      401,
      error('unauthorized', 'authentication_error', wrong),
      world.call('POST', create, '{', { authorization: 'Bearer garbage' }),
    );
  });
});

test('402 when the account has too little, and says how much is needed', async () => {
  const { body: poor } = await world.callAs('poor', 'GET', '/v1/models');
  expect(poor.object).toBe('list');

  const { status, body } = await world.callAs('poor', 'POST', create, { ...good, n: 4 });

  expect({ status, body }).toEqual({
    status: 402,
    body: {
      error: {
        ...error(
          'insufficient_quota',
          'insufficient_quota',
          'The account has too few credits: 4 image(s) need 4.8.',
        ).error,
        ...{ estimated_credits: 4.8, account_balance_credits: 0 },
      },
    },
  });
});

describe('403', () => {
  test('a key that may not generate', async () => {
    await expectAnswer(
      403,
      error(
        'permission_denied',
        'invalid_request_error',
        'The API key lacks the scope "generate".',
      ),
      world.call('POST', create, good, { authorization: `Bearer ${world.keys.adminKey}` }),
    );
  });

  test.each([
    '/v1/results/task-unified-1757156493-imcg5zqt/1',
    '/v1/results/task-unified-1757156493-imcg5zqt/1?expires=9999999999&signature=AAAA',
    '/v1/results/x/y?expires=z&signature=',
  ])('the result link %s', async (path) => {
    await expectAnswer(
      403,
      error(
        'permission_denied',
        'invalid_request_error',
        'This link is not valid or no longer: ask for the task again, its answer carries fresh links.',
      ),
      world.call('GET', path),
    );
  });
});

describe('404', () => {
  test.each([
    ['GET', '/'],
    ['GET', '/v1/nothing'],
    ['DELETE', create],
    ['GET', create],
    ['PUT', '/v1/tasks/task-unified-1757156493-imcg5zqt'],
  ])('%s %s', async (method, path) => {
    await expectAnswer(
      404,
      error('not_found', 'invalid_request_error', `There is no ${method} ${path} here.`),
      world.call(method, path),
    );
  });

  test('a task that does not exist', async () => {
    const id = 'task-unified-1757156493-imcg5zqt';
    await expectAnswer(
      404,
      error('task_not_found', 'invalid_request_error', `There is no task ${id}.`, 'task_id'),
      world.call('GET', `/v1/tasks/${id}`),
    );
  });

  test("somebody else's task, as if it did not exist", async () => {
    const image_uploads = [{ content_type: 'image/png' }];
    const { body } = await world.create({ prompt: 'Mine', image_uploads });

    const { status, body: answer } = await world.callAs('stranger', 'GET', `/v1/tasks/${body.id}`);

    expect({ status, answer }).toEqual({
      status: 404,
      answer: error(
        'task_not_found',
        'invalid_request_error',
        `There is no task ${body.id}.`,
        'task_id',
      ),
    });
  });
});

test("the list and the batch know nothing of somebody else's tasks", async () => {
  const image_uploads = [{ content_type: 'image/png' }];
  const { body } = await world.create({ prompt: 'Mine', image_uploads });

  const { body: list } = await world.callAs('stranger', 'GET', '/v1/tasks');
  const ids = { task_ids: [body.id] };
  const { body: batch } = await world.callAs('stranger', 'POST', '/v1/tasks/batch', ids);

  expect(list).toEqual({ object: 'list', data: [], next_cursor: null });
  expect(batch).toEqual({ data: [] });
});

test('409 when an idempotency key comes back with another request', async () => {
  const headers = { 'idempotency-key': 'one-key-two-requests' };
  const image_uploads = [{ content_type: 'image/png' }];
  await world.create({ prompt: 'First', image_uploads }, headers);
  before = await world.account();

  await expectAnswer(
    409,
    error(
      'idempotency_conflict',
      'invalid_request_error',
      'This Idempotency-Key was used with another request: take a new one.',
      'Idempotency-Key',
    ),
    world.create({ prompt: 'Second', image_uploads }, headers),
  );
});

test('413 when the body is larger than any request', async () => {
  await expectAnswer(
    413,
    error(
      'request_too_large',
      'invalid_request_error',
      'The body is larger than 256 kB; send pictures as addresses or uploads.',
    ),
    world.create({ ...good, padding: 'x'.repeat(256 * 1024) }),
  );
});

describe('200', () => {
  test('GET /healthz, for everybody', async () => {
    const { status, body } = await world.call('GET', '/healthz', undefined, { authorization: '' });

    expect({ status, body }).toEqual({ status: 200, body: { status: 'ok' } });
  });

  test('GET /v1/models says what there is, what it costs and what it takes', async () => {
    const { status, body } = await world.call('GET', '/v1/models');

    expect({ status, body }).toEqual({
      status: 200,
      body: {
        object: 'list',
        data: [
          {
            id: 'wan2.5-image-to-image',
            object: 'model',
            type: 'image',
            credits_per_image: 1.2,
            limits: {
              images: 2,
              n: 4,
              prompt_characters: 2000,
              image_bytes: 10_485_760,
              side_pixels: [384, 5000],
            },
          },
        ],
      },
    });
  });

  test('a browser from an origin we know may ask first', async () => {
    const { status, headers } = await world.call('OPTIONS', create, undefined, {
      origin: 'http://localhost:5173',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    });

    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('access-control-allow-headers')).toContain('authorization');
  });
});
