import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { routesOf } from '../../local/template/read-http-api.ts';
import { type Body, startWorld, upload, type World } from './world.ts';

// What belongs to another account is not there: no route that takes an id answers otherwise than for
// an id that nobody has.

let world: World;
let stranger: { authorization: string };

beforeAll(async () => {
  world = await startWorld();
  const operator = { authorization: `Bearer ${world.keys.adminKey}` };
  await world.call('POST', '/v1/admin/accounts', { id: 'stranger' }, operator);
  await world.call('POST', '/v1/admin/accounts/stranger/credits', { credits: 10 }, operator);
  const key = { account: 'stranger', name: 'stranger' };
  const { body } = await world.call('POST', '/v1/admin/keys', key, operator);
  stranger = { authorization: `Bearer ${body.api_key}` };
});
afterAll(() => world?.close());

const prompt = 'Nobody else may know this';
const nobodys = 'task-unified-1757156493-imcg5zqt';

/** A task of ours that is waiting, and one that is done. */
async function ours(): Promise<readonly string[]> {
  const image_uploads = [{ content_type: 'image/jpeg' }];
  const [waiting, done] = await Promise.all([
    world.create({ prompt, image_uploads }),
    world.create({ prompt, image_uploads, size: '768x768' }),
  ]);
  await upload(done.body.uploads[0], readFileSync('cli/sample.jpg'));
  await world.ended(done.body.id);
  return [waiting.body.id, done.body.id];
}

test('a task is not there on any route, and nothing can be done to it', async () => {
  const routes = routesOf(world.context)
    .map(({ key }) => key.split(' '))
    .filter(([, path = '']) => /\{task(_id)?\}/.test(path));
  expect(routes.length).toBeGreaterThanOrEqual(4);
  const ids = await ours();
  const rows = () => Promise.all(ids.map((id) => world.dynamoItem(id)));
  const before = await rows();

  for (const id of ids) {
    for (const [method = '', path = ''] of routes) {
      const ask = (task: string) => {
        const target = path.replace(/\{task(_id)?\}/, task).replace('{n}', '1');
        return world.call(method, target, undefined, stranger);
      };
      const [theirs, none] = [await ask(id), await ask(nobodys)];

      expect([path, theirs.status]).toEqual([path, path.includes('/results/') ? 403 : 404]);
      expect([path, JSON.stringify(theirs.body).replaceAll(id, nobodys)]).toEqual([
        ...[path, JSON.stringify(none.body)],
      ]);
    }
  }
  const batch = { task_ids: [...ids, nobodys] };
  const listed = await world.call('POST', '/v1/tasks/batch', batch, stranger);
  const list = await world.call('GET', '/v1/tasks?limit=100', undefined, stranger);

  expect(listed.body).toEqual({ data: [] });
  expect(list.body).toMatchObject({ data: [] });
  expect(await rows()).toEqual(before);
});

test('a link to a result leads to that result alone', async () => {
  const [, done = ''] = await ours();
  const { body } = await world.call('GET', `/v1/tasks/${done}`);
  const link = new URL(body.results[0]);

  const bent = [
    link.pathname.replace(done, nobodys) + link.search,
    link.pathname.replace(/1$/, '2') + link.search,
    `${link.pathname}${link.search.replace(/expires=\d+/, 'expires=9999999999')}`,
    `${link.pathname}${link.search}&signature=x`,
    `${link.pathname}${link.search.slice(0, -1)}`,
  ];
  const answers = await Promise.all(bent.map((path) => world.call('GET', path)));

  expect((await world.call('GET', link.pathname + link.search)).status).toBe(302);
  expect(answers.map(({ status }) => status)).toEqual(bent.map(() => 403));
  expect(new Set(answers.map(({ body: said }) => JSON.stringify(said))).size).toBe(1);
});

test("a file is not there for another account's tasks, and costs it nothing", async () => {
  const { body: file } = await world.call('POST', '/v1/files', { content_type: 'image/jpeg' });
  expect(await upload(file.upload, readFileSync('cli/sample.jpg'))).toBe(204);
  const absent = file.url.replace(file.id, `file-${'0'.repeat(26)}`);

  const outcome = async (url: string): Promise<Body> => {
    const wish = { prompt, image_urls: [url] };
    const { body } = await world.create(wish, stranger);
    for (;;) {
      const read = await world.call('GET', `/v1/tasks/${body.id}`, undefined, stranger);
      if (read.body.status === 'failed') return [read.body.error, read.body.usage];
      if (read.body.status === 'completed') throw new Error('the file of another was used');
    }
  };

  expect(await outcome(file.url)).toEqual(await outcome(absent));
});

test('keys and accounts are for the operator alone', async () => {
  const mine = await world.call('GET', '/v1/credits', undefined, stranger);
  for (const path of ['/v1/admin/accounts/default', '/v1/admin/keys?account=default']) {
    expect((await world.call('GET', path, undefined, stranger)).status).toBe(403);
  }
  expect(JSON.stringify(mine.body)).not.toContain('default');
});
