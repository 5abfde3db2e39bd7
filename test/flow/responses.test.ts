import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { models, widestLimits } from '../../functions/domain/model/catalogue.ts';
import type { Body, TestStack } from './open-stack.ts';
import { startStack } from './start-stack.ts';

// The responses of the routes to a caller: the status and the exact body, by route and status.

let stack: TestStack;
let before: Awaited<ReturnType<TestStack['account']>>;

beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());
beforeEach(async () => {
  before = await stack.account();
});

const create = '/v1/images/generations';
const good = { prompt: 'A starry sky', image_urls: ['https://example.com/a.png'] };
/** What no model accepts breaks the widest limits; the tests of the schema are about those of one model. */
const widest = widestLimits();
const someTask = 'task-unified-1757156493-imcg5zqt';

const error = (code: string, type: string, message: string, param: string | null = null): Body => ({
  error: { code, message, type, param },
});
const invalid = (message: string, param: string | null) =>
  error('invalid_request', 'invalid_request_error', message, param);

/** A task that waits for an upload that never comes. */
const waitingTask = async (): Promise<Body> =>
  (
    await stack.create({
      prompt: 'A sky of mine',
      image_uploads: [{ content_type: 'image/png' }],
    })
  ).body;

/** Expects a JSON response with a request id, and an account in which nothing has changed. */
const expectResponse = async (status: number, body: Body, call: Promise<Body>) => {
  const response = await call;
  expect(response.body).toEqual(body);
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(response.headers.get('x-request-id')).toMatch(/\S/);
  expect(await stack.account()).toEqual(before);
};

describe('every route with a key', () => {
  const withoutKey = 'Send your API key in the header "Authorization: Bearer <key>".';
  const wrongKey = 'The API key is not valid.';
  const routes = [
    ['POST', create],
    ['GET', `/v1/tasks/${someTask}`],
    ['GET', '/v1/tasks'],
    ['POST', '/v1/tasks/batch'],
    ['POST', '/v1/files'],
    ['GET', '/v1/models'],
    ['POST', '/v1/webhooks/test'],
  ] as const;

  describe('401', () => {
    test.each(routes)('%s %s is refused without a key', async (method, path) => {
      await expectResponse(
        401,
        error('unauthorized', 'authentication_error', withoutKey),
        stack.call(method, path, undefined, { authorization: '' }),
      );
    });

    test.each(routes)('%s %s is refused with a key that was never issued', async (method, path) => {
      await expectResponse(
        401,
        error('unauthorized', 'authentication_error', wrongKey),
        stack.call(method, path, undefined, { authorization: `Bearer sk-dr-${'x'.repeat(43)}` }),
      );
    });

    test('a wrong key is refused before the body is parsed', async () => {
      await expectResponse(
        401,
        error('unauthorized', 'authentication_error', wrongKey),
        stack.call('POST', create, '{', { authorization: 'Bearer garbage' }),
      );
    });
  });
});

describe('POST /v1/images/generations', () => {
  describe('204', () => {
    test('a preflight request of a browser is accepted from an allowed origin', async () => {
      const { status, headers } = await stack.call('OPTIONS', create, undefined, {
        origin: 'http://localhost:5173',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      });

      expect(status).toBe(204);
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('access-control-allow-headers')).toContain('authorization');
    });
  });

  describe('400', () => {
    const urls = `image_urls is required: 1 ${widest.maxImages === 2 ? 'or' : 'to'} ${widest.maxImages} picture addresses; or send image_uploads, like [{"content_type": "image/png"}], and get a form to upload each picture with`;
    const prompt = `prompt is required: a text of 1 to ${widest.maxPromptCodePoints} characters`;
    const n = `n must be a whole number from 1 to ${widest.maxN}`;
    const list = `image_urls must be a list of 1 to ${widest.maxImages} picture addresses`;
    const https = 'must be an https address';
    const tooMany = Array.from({ length: widest.maxImages + 1 }, () => good.image_urls[0]);

    test.each<[string, unknown, string, string | null]>([
      ['no JSON', '{"prompt": ', 'The body is not valid JSON.', null],
      ['an empty body', '', 'The body must be a JSON object.', null],
      ['a list', [], 'The body must be a JSON object.', null],
      ['no prompt', { ...good, prompt: undefined }, prompt, 'prompt'],
      ['a blank prompt', { ...good, prompt: '  ' }, prompt, 'prompt'],
      [
        'a character too many',
        { ...good, prompt: '🌌'.repeat(widest.maxPromptCodePoints + 1) },
        prompt,
        'prompt',
      ],
      ['a number as prompt', { ...good, prompt: 7 }, prompt, 'prompt'],
      ['no picture', { prompt: 'A starry sky' }, urls, 'image_urls'],
      ['a picture too many', { ...good, image_urls: tooMany }, list, 'image_urls'],
      ['one picture as text', { ...good, image_urls: good.image_urls[0] }, list, 'image_urls'],
      ['n = 0', { ...good, n: 0 }, n, 'n'],
      ['an image too many', { ...good, n: widest.maxN + 1 }, n, 'n'],
      ['n = "2"', { ...good, n: '2' }, n, 'n'],
      [
        'another model',
        { ...good, model: 'dall-e' },
        `model must be one of: ${models.map(({ id }) => id).join(', ')}`,
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
    ])('a body with this problem is refused: %s', async (_, body, message, param) => {
      await expectResponse(400, invalid(message, param), stack.call('POST', create, body));
    });

    test.each([
      'https://127.0.0.2/',
      'https://10.0.0.1/',
      'https://192.168.1.1/',
      'https://[::1]/',
    ])('the private callback address %s is refused', async (callback_url) => {
      await expectResponse(
        400,
        invalid('callback_url must not point to a private address', 'callback_url'),
        stack.create({ ...good, callback_url }),
      );
    });

    test('a malformed idempotency key is refused', async () => {
      await expectResponse(
        400,
        invalid(
          'The header Idempotency-Key must be 1 to 255 printable characters of ASCII',
          'Idempotency-Key',
        ),
        stack.create(good, { 'idempotency-key': 'x'.repeat(256) }),
      );
    });
  });

  describe('402', () => {
    test('the error about too few credits says how many are needed', async () => {
      const { body: models } = await stack.callAs('poor', 'GET', '/v1/models');
      expect(models.object).toBe('list');

      const { status, body } = await stack.callAs('poor', 'POST', create, { ...good, n: 4 });

      expect({ status, body }).toEqual({
        status: 402,
        body: {
          error: {
            ...error(
              'insufficient_quota',
              'insufficient_quota',
              'The account has too few credits: 4 image(s) need 4.8.',
            ).error,
            estimated_credits: 4.8,
            account_balance_credits: 0,
          },
        },
      });
    });
  });

  describe('403', () => {
    test('a key without the scope "generate" is refused', async () => {
      await expectResponse(
        403,
        error(
          'permission_denied',
          'invalid_request_error',
          'The API key lacks the scope "generate".',
        ),
        stack.call('POST', create, good, { authorization: `Bearer ${stack.keys.adminKey}` }),
      );
    });
  });

  describe('409', () => {
    test('an idempotency key that was used with another request is refused', async () => {
      const headers = { 'idempotency-key': 'one-key-two-requests' };
      const image_uploads = [{ content_type: 'image/png' }];
      await stack.create({ prompt: 'A first sky', image_uploads }, headers);
      before = await stack.account();

      await expectResponse(
        409,
        error(
          'idempotency_conflict',
          'invalid_request_error',
          'This Idempotency-Key was used with another request: take a new one.',
          'Idempotency-Key',
        ),
        stack.create({ prompt: 'A second sky', image_uploads }, headers),
      );
    });
  });

  describe('413', () => {
    test('a body of more than 256 kB is refused', async () => {
      await expectResponse(
        413,
        error(
          'request_too_large',
          'invalid_request_error',
          'The body is larger than 256 kB; send pictures as addresses or uploads.',
        ),
        stack.create({ ...good, padding: 'x'.repeat(256 * 1024) }),
      );
    });
  });
});

describe.each([
  ['GET', ''],
  ['DELETE', ''],
  ['POST', '/cancel'],
  ['POST', '/callback'],
])('%s /v1/tasks/{task_id}%s', (method, rest) => {
  describe('400', () => {
    test('an id that is not a task id is refused', async () => {
      await expectResponse(
        400,
        error(
          'invalid_task_id',
          'invalid_request_error',
          "A task id starts with 'task-unified-' and is the one that the create call returned.",
          'task_id',
        ),
        stack.call(method, `/v1/tasks/cgt-2026${rest}`),
      );
    });
  });

  const notFound = (id: string): Body =>
    error('task_not_found', 'invalid_request_error', `There is no task ${id}.`, 'task_id');

  describe('404', () => {
    test('a task that does not exist is not found', async () => {
      await expectResponse(
        404,
        notFound(someTask),
        stack.call(method, `/v1/tasks/${someTask}${rest}`),
      );
    });

    test("another account's task is not found, as if it did not exist", async () => {
      const { id } = await waitingTask();

      const { status, body } = await stack.callAs('stranger', method, `/v1/tasks/${id}${rest}`);

      expect({ status, body }).toEqual({ status: 404, body: notFound(id) });
      expect((await stack.call('GET', `/v1/tasks/${id}`)).body.status).toBe('pending');
    });
  });
});

describe.each([
  ['DELETE', ''],
  ['POST', '/callback'],
])('%s /v1/tasks/{task_id}%s', (method, rest) => {
  describe('409', () => {
    test('a task that has not ended is refused, and goes on', async () => {
      const { id } = await waitingTask();

      const { status, body } = await stack.call(method, `/v1/tasks/${id}${rest}`);

      expect([status, body.error]).toEqual([
        409,
        expect.objectContaining({ code: 'task_running' }),
      ]);
      expect((await stack.call('GET', `/v1/tasks/${id}`)).body.status).toBe('pending');
    });
  });
});

describe('POST /v1/tasks/{task_id}/cancel', () => {
  describe('200', () => {
    test('a task that waits for its uploads is returned, and ends', async () => {
      const { id } = await waitingTask();

      const { status, body } = await stack.call('POST', `/v1/tasks/${id}/cancel`);

      expect([status, body.id]).toEqual([200, id]);
      expect(await stack.endedTask(id)).toMatchObject({
        status: 'failed',
        error: { code: 'request_cancelled' },
      });
    });
  });

  describe('409', () => {
    test('a task that has ended is refused', async () => {
      const { id } = await waitingTask();
      await stack.call('POST', `/v1/tasks/${id}/cancel`);
      await stack.endedTask(id);
      before = await stack.account();

      await expectResponse(
        409,
        error('task_ended', 'invalid_request_error', `The task ${id} is over already.`, 'task_id'),
        stack.call('POST', `/v1/tasks/${id}/cancel`),
      );
    });
  });
});

describe('GET /v1/tasks', () => {
  describe('200', () => {
    test("another account's tasks are not in the list", async () => {
      const image_uploads = [{ content_type: 'image/png' }];
      await stack.create({ prompt: 'A sky of mine', image_uploads });

      const { body } = await stack.callAs('stranger', 'GET', '/v1/tasks');

      expect(body).toEqual({ object: 'list', data: [], next_cursor: null });
    });

    test('tasks are found by their key and by a text of their prompt, and nobody finds those of another account', async () => {
      const image_uploads = [{ content_type: 'image/png' }];
      const { body: task } = await stack.create({ prompt: 'A Zeppelin', image_uploads });
      const { body: found } = await stack.call('GET', `/v1/tasks/${task.id}`);

      const query = `/v1/tasks?text=zEPP&key=${found.key.id}`;

      expect((await stack.call('GET', query)).body).toMatchObject({ data: [{ id: task.id }] });
      expect((await stack.callAs('stranger', 'GET', query)).body.data).toEqual([]);
      expect((await stack.call('GET', `${query}&status=completed`)).body.data).toEqual([]);
    });
  });

  describe('400', () => {
    test.each([
      ['key=mine', 'key must be the id of an API key', 'key'],
      ['text=', 'text must be a text of 1 to 200 characters', 'text'],
      ['limit=0', 'limit must be a whole number from 1 to 100', 'limit'],
      ['cursor=x', 'cursor must be the next_cursor of an earlier response', 'cursor'],
      [
        'status=done',
        'status must be one of: pending, processing, completed, failed, cancelled',
        'status',
      ],
    ])('the query %s is refused', async (query, message, param) => {
      await expectResponse(400, invalid(message, param), stack.call('GET', `/v1/tasks?${query}`));
    });
  });
});

describe('POST /v1/tasks/batch', () => {
  describe('200', () => {
    test("another account's tasks are left out", async () => {
      const image_uploads = [{ content_type: 'image/png' }];
      const { body: task } = await stack.create({ prompt: 'A sky of mine', image_uploads });
      const task_ids = [task.id];

      const { body } = await stack.callAs('stranger', 'POST', '/v1/tasks/batch', { task_ids });

      expect(body).toEqual({ data: [] });
    });
  });

  describe('400', () => {
    test('an empty list of ids is refused', async () => {
      await expectResponse(
        400,
        invalid('task_ids must be a list of 1 to 50 task ids', 'task_ids'),
        stack.call('POST', '/v1/tasks/batch', { task_ids: [] }),
      );
    });
  });
});

describe('POST /v1/files', () => {
  describe('400', () => {
    test('a content type that is not an image is refused', async () => {
      await expectResponse(
        400,
        invalid(
          'content_type must be one of: image/jpeg, image/png, image/webp, image/bmp',
          'content_type',
        ),
        stack.call('POST', '/v1/files', { content_type: 'application/pdf' }),
      );
    });
  });
});

describe('GET /v1/results/{task}/{n}', () => {
  describe('403', () => {
    test.each([
      `/v1/results/${someTask}/1`,
      `/v1/results/${someTask}/1?expires=9999999999&signature=AAAA`,
      '/v1/results/x/y?expires=z&signature=',
    ])('the link %s without a valid signature is refused', async (path) => {
      await expectResponse(
        403,
        error(
          'permission_denied',
          'invalid_request_error',
          'This link is not valid, or not any more: read the task again to get fresh links.',
        ),
        stack.call('GET', path),
      );
    });
  });
});

describe('GET /v1/models', () => {
  describe('200', () => {
    test('the response has the models with their prices and limits', async () => {
      const { status, body } = await stack.call('GET', '/v1/models');

      expect(status).toBe(200);
      expect(body).toEqual({
        object: 'list',
        data: [
          {
            id: 'wan2.5-image-to-image',
            object: 'model',
            type: 'image',
            created: 1_795_305_600,
            owned_by: 'alibaba',
            aliases: ['wan2.5-i2i-preview', 'wan2.5-i2i'],
            credits_per_image: 1.2,
            limits: {
              images: 2,
              n: 4,
              prompt_characters: 2000,
              image_bytes: 10_485_760,
              side_pixels: [384, 5000],
            },
          },
          ...models.slice(1).map(({ id }) => expect.objectContaining({ id })),
        ],
      });
    });
  });
});

describe('GET /v1/credits', () => {
  describe('200', () => {
    test('the response has what the key and the account have and have used', async () => {
      const { status, body } = await stack.call('GET', '/v1/credits');

      const account = {
        remaining_credits: before.balance / 1000,
        used_credits: before.used / 1000,
      };
      expect({ status, body }).toEqual({
        status: 200,
        body: {
          success: true,
          message: '',
          data: {
            token: {
              id: expect.stringMatching(/^key-[0-9a-f]{16}$/),
              name: expect.any(String),
              scopes: expect.any(Array),
              remaining_credits: account.remaining_credits,
              unlimited_credits: true,
              used_credits: expect.any(Number),
            },
            user: account,
          },
        },
      });
    });
  });
});

describe('GET /openapi.json', () => {
  describe('200', () => {
    test('the document names this stack as its server, and no key is needed', async () => {
      const { status, body } = await stack.call('GET', '/openapi.json', undefined, {
        authorization: '',
      });

      expect(status).toBe(200);
      expect(body).toMatchObject({ openapi: expect.stringMatching(/^3\./) });
      expect(Object.keys(body.paths)).toContain(create);
    });
  });
});

describe('POST /v1/providers/{provider}/callbacks/{job}/{secret}', () => {
  describe('200', () => {
    test.each(['evolink', 'nobody'])(
      'every caller gets the same empty response, also with a wrong secret and as %s',
      async (provider) => {
        const path = `/v1/providers/${provider}/callbacks/${someTask}/wrong`;

        await expectResponse(200, {}, stack.call('POST', path, {}, { authorization: '' }));
      },
    );
  });
});

describe('GET /healthz', () => {
  describe('200', () => {
    test('no key is needed', async () => {
      const { status, body } = await stack.call('GET', '/healthz', undefined, {
        authorization: '',
      });

      expect({ status, body }).toEqual({ status: 200, body: { status: 'ok' } });
    });
  });
});

describe('no route', () => {
  describe('404', () => {
    test.each([
      ['GET', '/nothing'],
      ['GET', '/v1/nothing'],
      ['DELETE', create],
      ['GET', create],
      ['PUT', `/v1/tasks/${someTask}`],
    ])('%s %s is not a route', async (method, path) => {
      await expectResponse(
        404,
        error('not_found', 'invalid_request_error', `There is no ${method} ${path} here.`),
        stack.call(method, path),
      );
    });
  });
});
