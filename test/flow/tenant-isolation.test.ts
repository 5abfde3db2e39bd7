import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { routesOf } from '../../local/aws/template/read-http-api.ts';
import { type Body, type TestStack, upload } from './open-stack.ts';
import { startStack } from './start-stack.ts';

// Resources of another account do not exist for a caller: every route that takes an id answers as for
// an id that does not exist.

let stack: TestStack;
let otherAccount: { authorization: string };

beforeAll(async () => {
  stack = await startStack();
  const operator = { authorization: `Bearer ${stack.keys.adminKey}` };
  await stack.call('POST', '/v1/admin/accounts', { id: 'outsider' }, operator);
  await stack.call('POST', '/v1/admin/accounts/outsider/credits', { credits: 10 }, operator);
  const key = { account: 'outsider', name: 'outsider' };
  const { body } = await stack.call('POST', '/v1/admin/keys', key, operator);
  otherAccount = { authorization: `Bearer ${body.api_key}` };
});
afterAll(() => stack?.close());

const prompt = 'Nobody else may know this';
const missing = 'task-unified-1757156493-imcg5zqt';

/** Creates a task that waits for its upload, and one that is completed. */
async function createTasks(): Promise<readonly string[]> {
  const image_uploads = [{ content_type: 'image/jpeg' }];
  const [waiting, done] = await Promise.all([
    stack.create({ prompt, image_uploads }),
    stack.create({ prompt, image_uploads, size: '768x768' }),
  ]);
  await upload(done.body.uploads[0], readFileSync('cli/sample.jpg'));
  await stack.endedTask(done.body.id);
  return [waiting.body.id, done.body.id];
}

/** The links to results, which are signed, and the routes of the operator. */
const isForbidden = (path: string): boolean => /\/(results|admin)\//.test(path);

test("another account's task does not exist on any route, and stays unchanged", async () => {
  const routes = routesOf(stack.context)
    .map(({ key }) => key.split(' '))
    .filter(([, path = '']) => /\{task(_id)?\}/.test(path));
  expect(routes.length).toBeGreaterThanOrEqual(4);
  const ids = await createTasks();
  const items = () => Promise.all(ids.map((id) => stack.taskItem(id)));
  const before = await items();

  for (const id of ids) {
    for (const [method = '', path = ''] of routes) {
      const callWith = (task: string) => {
        const target = path.replace(/\{task(_id)?\}/, task).replace('{n}', '1');
        return stack.call(method, target, undefined, otherAccount);
      };
      const [foreign, absent] = [await callWith(id), await callWith(missing)];

      expect([path, foreign.status]).toEqual([path, isForbidden(path) ? 403 : 404]);
      expect([path, JSON.stringify(foreign.body).replaceAll(id, missing)]).toEqual([
        path,
        JSON.stringify(absent.body),
      ]);
    }
  }
  const batch = { task_ids: [...ids, missing] };
  const batched = await stack.call('POST', '/v1/tasks/batch', batch, otherAccount);
  const list = await stack.call('GET', '/v1/tasks?limit=100', undefined, otherAccount);

  expect(batched.body).toEqual({ data: [] });
  expect(list.body).toMatchObject({ data: [] });
  expect(await items()).toEqual(before);
});

test('a result link whose task, number, expiry or signature was changed is refused with 403', async () => {
  const [, done = ''] = await createTasks();
  const { body } = await stack.call('GET', `/v1/tasks/${done}`);
  const link = new URL(body.results[0]);

  const changed = [
    link.pathname.replace(done, missing) + link.search,
    link.pathname.replace(/1$/, '2') + link.search,
    `${link.pathname}${link.search.replace(/expires=\d+/, 'expires=9999999999')}`,
    `${link.pathname}${link.search}&signature=x`,
    `${link.pathname}${link.search.slice(0, -1)}`,
  ];
  const responses = await Promise.all(changed.map((path) => stack.call('GET', path)));

  expect((await fetch(link, { redirect: 'manual' })).status).toBe(302);
  expect(responses.map(({ status }) => status)).toEqual(changed.map(() => 403));
  expect(new Set(responses.map(({ body: refused }) => JSON.stringify(refused))).size).toBe(1);
});

test("another account's file fails a task like a missing file, without a charge", async () => {
  const { body: file } = await stack.call('POST', '/v1/files', { content_type: 'image/jpeg' });
  expect(await upload(file.upload, readFileSync('cli/sample.jpg'))).toBe(204);
  const absent = file.url.replace(file.id, `file-${'0'.repeat(26)}`);

  const outcome = async (url: string): Promise<Body> => {
    const { body } = await stack.create({ prompt, image_urls: [url] }, otherAccount);
    for (;;) {
      const { body: task } = await stack.call(
        'GET',
        `/v1/tasks/${body.id}`,
        undefined,
        otherAccount,
      );
      if (task.status === 'failed') return [task.error, task.usage];
      if (task.status === 'completed') throw new Error('the file of another account was used');
    }
  };

  expect(await outcome(file.url)).toEqual(await outcome(absent));
});

test('a caller cannot read accounts or keys on admin routes, and its credits name no other account', async () => {
  const credits = await stack.call('GET', '/v1/credits', undefined, otherAccount);
  for (const path of ['/v1/admin/accounts/default', '/v1/admin/keys?account=default']) {
    expect((await stack.call('GET', path, undefined, otherAccount)).status).toBe(403);
  }
  expect(JSON.stringify(credits.body)).not.toContain('default');
});
