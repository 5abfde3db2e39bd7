import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routesOf } from '../../local/template/read-http-api.ts';
import { tablesOf } from '../../local/template/read-tables.ts';
import { randomFrom } from './faults/random.ts';
import { hostileAuthorizations, hostileBodies, hostileIds, hostileQueries } from './hostile.ts';
import { type RawAnswer, type RawRequest, rawCall } from './raw-call.ts';
import { startWorld, type World } from './world.ts';

// Requests that no honest client sends. Whatever comes, the answer is a clear no, and nothing has changed.

let world: World;
let routes: readonly Route[];

type Route = { readonly method: string; readonly path: string };

beforeAll(async () => {
  world = await startWorld();
  routes = routesOf(world.context)
    .filter(({ key }) => key !== '$default')
    .map(({ key }) => key.split(' '))
    .map(([method = '', path = '']) => ({ method, path }));
  world.tripwire.add('a prompt', 'arry sky');
  world.tripwire.add('a prompt', 'Unwritten');
  const limits = { requests_per_minute: 100_000 };
  const { status } = await asOperator('PATCH', '/v1/admin/accounts/default', { limits });
  expect(status).toBe(200);
});
afterAll(() => world?.close());

const asOperator = (method: string, path: string, body?: unknown) =>
  world.call(method, path, body, { authorization: `Bearer ${world.keys.adminKey}` });

const isOpen = ({ path }: Route) =>
  /^\/(v1\/results\/.*|v1\/providers\/.*|openapi\.json|healthz)$/.test(path);
const hasBody = ({ method, path }: Route) =>
  method === 'PATCH' || (method === 'POST' && !/\/(cancel|callback)$/.test(path));
const keyFor = ({ path }: Route) =>
  path.startsWith('/v1/admin/') ? world.keys.adminKey : world.keys.apiKey;

/** Ids that nobody has. */
const targetOf = ({ path }: Route, id?: string) =>
  path
    .replace('{task_id}', id ?? 'task-unified-1757156493-imcg5zqt')
    .replace('{task}', id ?? 'task-unified-1757156493-imcg5zqt')
    .replace('{n}', '1')
    .replace('{account}', id ?? 'nobody')
    .replace('{key_id}', id ?? 'key-0123456789abcdef');

type Sent = Omit<RawRequest, 'method' | 'target'> & { readonly target?: string };

const send = (route: Route, { target = targetOf(route), ...rest }: Sent) =>
  rawCall(world.url, { method: route.method, target, ...rest });

const authorized = (route: Route) => ['authorization', `Bearer ${keyFor(route)}`] as const;

/** Every row there is, but for how often keys are used. */
async function rows(): Promise<string> {
  const tables = tablesOf(world.context).filter(({ TableName }) => !/Activity/.test(TableName));
  const scans = await Promise.all(
    tables.map(({ TableName }) => world.dynamo.send(new ScanCommand({ TableName }))),
  );
  return JSON.stringify(
    scans.map(({ Items = [] }) => Items.map((one) => JSON.stringify(one)).sort()),
  );
}

/** What is wrong with an answer, whoever asked: nothing, for one in the shape that is published. */
function complaints({ status, text }: RawAnswer): readonly string[] {
  const inside =
    /\bat \S+:\d+|node_modules|\.mjs|\.ts\b|stack|Exception|\bError:|arn:aws|AWS|dynamo/i;
  return [
    ...(status >= 200 && status < 500 ? [] : [`status ${status}`]),
    ...(status < 400 || isProblem(text) ? [] : [`not in the envelope: ${text.slice(0, 100)}`]),
    ...(status >= 400 && inside.test(text) ? [`tells what is inside: ${text.slice(0, 200)}`] : []),
  ];
}

function isProblem(text: string): boolean {
  const { error, message } = JSON.parse(text || '{}');
  // API Gateway's own words: it refuses paths that are no UTF-8, and bodies above 10 MB.
  if (error === undefined) return /^(Bad Request|Request Entity Too Large)$/.test(message);
  const { code, type, param } = error;
  const isNamed = param === null || typeof param === 'string';
  return typeof code === 'string' && typeof error.message === 'string' && !!type && isNamed;
}

/** Sends all of it, and answers what was wrong. Nothing may have been written. */
async function judged<T>(
  cases: readonly T[],
  words: (one: T) => string,
  ask: (one: T) => Promise<readonly [RawAnswer, expected: number | undefined]>,
): Promise<readonly string[]> {
  const before = await rows();
  const wrong: string[] = [];
  for (const one of cases) {
    const [answer, expected] = await ask(one);
    const isExpected = expected === undefined || answer.status === expected;
    const found = [
      ...complaints(answer),
      ...(isExpected ? [] : [`${answer.status}, not ${expected}: ${answer.text.slice(0, 150)}`]),
    ];
    wrong.push(...found.map((complaint) => `${words(one)}: ${complaint}`));
  }
  expect(await rows()).toBe(before);
  return wrong;
}

const named = ({ method, path }: Route) => `${method} ${path}`;

test('a hostile body is refused on every route that reads one, and never heard on the others', async () => {
  const cases = routes.flatMap((route) => hostileBodies.map((hostile) => ({ route, hostile })));
  expect(routes.filter(hasBody).length).toBeGreaterThan(7);

  const wrong = await judged(
    cases,
    ({ route, hostile }) => `${named(route)} with ${hostile.what}`,
    async ({ route, hostile }) => {
      const headers = Object.entries({ 'content-type': 'application/json', ...hostile.headers });
      const answer = await send(route, {
        headers: [authorized(route), ...headers.filter(([, value]) => value !== null)],
        body: hostile.body,
      });
      return [answer, hasBody(route) ? hostile.status : undefined];
    },
  );

  expect(wrong).toEqual([]);
});

test('who sends no key that was issued hears 401 on every route, and the same for all of them', async () => {
  const closed = routes.filter((route) => !isOpen(route));
  const cases = closed.flatMap((route) =>
    hostileAuthorizations(keyFor(route)).map((values) => ({ route, values })),
  );

  const wrong = await judged(
    cases,
    ({ route, values }) => `${named(route)} with ${JSON.stringify(values).slice(0, 60)}`,
    async ({ route, values }) => [
      await send(route, {
        headers: values.map((value) => ['authorization', value] as const),
        body: hasBody(route) ? '{' : undefined,
      }),
      401,
    ],
  );

  expect(wrong).toEqual([]);
});

test.each(['bearer', 'BEARER', 'bEaReR', 'Bearer   ', '  Bearer'])(
  'the scheme is taken as %j',
  async (scheme) => {
    const { status } = await rawCall(world.url, {
      ...{ method: 'GET', target: '/v1/models' },
      headers: [['AUTHORIZATION', `${scheme} ${world.keys.apiKey}  `]],
    });

    expect(status).toBe(200);
  },
);

test('an id that is none is refused on every route that has one in its path', async () => {
  const withId = routes.filter(({ path }) => path.includes('{'));
  const cases = withId.flatMap((route) => hostileIds.map((id) => ({ route, id })));

  const wrong = await judged(
    cases,
    ({ route, id }) => `${named(route)} with ${id.slice(0, 40)}`,
    async ({ route, id }) => {
      const body = JSON.stringify({ user_group: 'a', credits: 1, name: 'a' });
      const answer = await send(route, {
        target: targetOf(route, id),
        headers: [authorized(route), ['content-type', 'application/json']],
        body: hasBody(route) ? body : undefined,
      });
      return [answer, undefined];
    },
  );
  const answers = await Promise.all(
    withId.map((route) =>
      send(route, { target: targetOf(route, '%00'), headers: [authorized(route)] }),
    ),
  );

  expect(wrong).toEqual([]);
  expect(answers.filter(({ status }) => status < 400)).toEqual([]);
});

test('a query that breaks a rule is refused on every list', async () => {
  const lists = ['/v1/tasks', '/v1/admin/accounts', '/v1/admin/keys?account=default'];
  const entries = '/v1/admin/accounts/default/entries';
  const cases = [...lists, entries].flatMap((list) =>
    hostileQueries.map((query) => ({ list, query })),
  );

  const wrong = await judged(
    cases,
    ({ list, query }) => `${list} with ${query.slice(0, 60)}`,
    async ({ list, query }) => {
      const route = { method: 'GET', path: list };
      const target = `${list}${list.includes('?') ? '&' : '?'}${query}`;
      return [await send(route, { target, headers: [authorized(route)] }), 400];
    },
  );

  expect(wrong).toEqual([]);
});

test.each([
  ['short', ['short']],
  ['twice', ['a-key-that-is-fine-1', 'a-key-that-is-fine-1']],
  ['8 kB long', ['x'.repeat(8192)]],
  ['with a letter that is none of ours', ['a-key-that-is-nöt-fine']],
  ['empty', ['']],
])('an Idempotency-Key that comes %s is refused', async (_how, keys) => {
  const before = await rows();

  const { status, text } = await rawCall(world.url, {
    ...{ method: 'POST', target: '/v1/images/generations' },
    headers: [
      ['authorization', `Bearer ${world.keys.apiKey}`],
      ['content-type', 'application/json'],
      ...keys.map((key) => ['idempotency-key', key] as const),
    ],
    body: '{"prompt":"Unwritten","image_uploads":[{"content_type":"image/png"}]}',
  });

  expect([status, JSON.parse(text).error.param]).toEqual([400, 'Idempotency-Key']);
  expect(await rows()).toBe(before);
});

describe('requests that chance has bent', () => {
  const good = String.raw`{"model":"wan2.5-image-to-image","prompt":"A s\u0074arry sky 🌌","n":2,"seed":7,
    "size":"768x768","image_uploads":[{"content_type":"image/png"}],"callback_url":"https://example.com/a?b=c",
    "metadata":{"order":"4711","constructor":"x"},"watermark":true,"task_ids":["task-unified-1757156493-imcg5zqt"],
    "content_type":"image/png"}`;
  const splinters = [
    ...['"', '{', '}', '[', ']', ',', ':', '\\', '\\u0000', '\\ud800', '\0', '\xff', '\uFEFF', '-'],
    ...[
      '1e999',
      'null',
      'true',
      '[[[[',
      '"n":3,',
      '"__proto__":{},',
      '\u2028',
      '0',
      '.',
      '🌌',
      '//',
    ],
  ];

  /** The bytes with a few of them taken out, doubled, or replaced by a splinter. */
  function bent(random: () => number): Buffer {
    let text = Buffer.from(good).toString('latin1');
    for (let cuts = 1 + Math.floor(random() * 3); cuts > 0; cuts -= 1) {
      const at = Math.floor(random() * text.length);
      const length = Math.floor(random() * 8);
      const splinter = splinters[Math.floor(random() * splinters.length)] ?? '';
      const piece = random() < 0.3 ? text.slice(at, at + 40) : splinter;
      text = text.slice(0, at) + piece + text.slice(at + length);
    }
    return Buffer.from(text, 'latin1');
  }

  test('are answered in the envelope, and change nothing for an account without credits', async () => {
    const account = { id: 'penniless', limits: { requests_per_minute: 100_000 } };
    await asOperator('POST', '/v1/admin/accounts', account);
    const { body } = await asOperator('POST', '/v1/admin/keys', {
      account: 'penniless',
      name: 'a',
    });
    const random = randomFrom(Number(process.env['EDGES_SEED'] ?? 1));
    const paths = ['/v1/images/generations', '/v1/files', '/v1/tasks/batch'];
    const cases = Array.from({ length: 300 }, (_, index) => ({
      path: paths[index % paths.length] ?? '',
      sent: bent(random),
    }));
    const statuses: number[] = [];

    const wrong = await judged(
      cases,
      ({ path, sent }) => `POST ${path} with ${sent.toString('latin1')}`,
      async ({ path, sent }) => {
        const answer = await rawCall(world.url, {
          ...{ method: 'POST', target: path, body: sent },
          headers: [
            ['authorization', `Bearer ${body.api_key}`],
            ['content-type', 'application/json'],
          ],
        });
        statuses.push(answer.status);
        return [answer, undefined];
      },
    );

    expect(wrong).toEqual([]);
    // Some were bent where it does no harm, so they are fine but for the money.
    expect(new Set(statuses)).toEqual(new Set([200, 400, 402]));
  });
});
