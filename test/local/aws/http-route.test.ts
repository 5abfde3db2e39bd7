import { expect, test } from 'vitest';
import { router } from '../../../local/aws/http-api/http-route.ts';

const keys = [
  '$default',
  'ANY /{proxy+}',
  'GET /pets/{proxy+}',
  'ANY /pets/dog',
  'GET /pets/{id}',
  'GET /pets/dog/1',
  'GET /pets/{id}/{tag}',
  'POST /pets/dog',
  'GET /a.b',
];
const find = router(keys.map((key) => ({ key })));

test.each([
  ['GET', '/pets/dog/1', 'GET /pets/dog/1', undefined],
  ['GET', '/pets/dog/2', 'GET /pets/{id}/{tag}', { id: 'dog', tag: '2' }],
  ['GET', '/pets/cat', 'GET /pets/{id}', { id: 'cat' }],
  ['GET', '/pets/dog', 'ANY /pets/dog', undefined],
  ['POST', '/pets/dog', 'POST /pets/dog', undefined],
  ['PUT', '/pets/dog', 'ANY /pets/dog', undefined],
  ['GET', '/pets/a/b/c', 'GET /pets/{proxy+}', { proxy: 'a/b/c' }],
  ['DELETE', '/pets/cat', 'ANY /{proxy+}', { proxy: 'pets/cat' }],
  ['GET', '/pets/a%20b', 'GET /pets/{id}', { id: 'a b' }],
  ['GET', '/a.b', 'GET /a.b', undefined],
  ['GET', '/aXb', 'ANY /{proxy+}', { proxy: 'aXb' }],
  ['GET', '/', '$default', undefined],
])('%s %s goes to %s', (method, path, key, pathParameters) => {
  expect(find(method, path)).toEqual({ route: { key }, pathParameters });
});

test('without a matching route and without $default no route is found', () => {
  const strict = router([{ key: 'GET /v1/tasks/{id}' }]);

  expect(
    ['/v1/tasks', '/v1/tasks/', '/v1/tasks/a/b', '/V1/tasks/a'].map((path) => strict('GET', path)),
  ).toEqual(Array(4).fill(undefined));
  expect(strict('POST', '/v1/tasks/a')).toBeUndefined();
});
