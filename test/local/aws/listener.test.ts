import { expect, onTestFinished, test } from 'vitest';
import { startHttpApi } from '../../../local/aws/http-api/http-api.ts';
import { openListener } from '../../../local/aws/listener.ts';

async function setUp() {
  const listener = await openListener(0);
  onTestFinished(() => listener.close());
  const read = async (path: string) => {
    const response = await fetch(listener.url + path);
    return [response.status, await response.text()];
  };
  return { listener, read };
}

const invoke = async () => ({ ok: true, payload: 'api' }) as const;
const routes = (...keys: readonly string[]) =>
  keys.map((key) => ({ key, functionArn: 'work', timeoutMs: 1000 }));

test('a port that is not served yet, or not any more, responds with 503', async () => {
  const { listener, read } = await setUp();
  const unavailable = [503, '{"message":"Service Unavailable"}'];
  expect(await read('/')).toEqual(unavailable);

  const api = await startHttpApi({ routes: routes('$default'), invoke, listener });
  expect(await read('/')).toEqual([200, 'api']);

  await api.close();
  expect(await read('/')).toEqual(unavailable);
});

test('requests to a mounted path and below it do not reach the API', async () => {
  const { listener, read } = await setUp();
  listener.mount('/other', (request, response) => response.end(request.url));
  await startHttpApi({ routes: routes('$default', 'GET /v1/other'), invoke, listener });

  expect(await read('/other')).toEqual([200, '/other']);
  expect(await read('/other?a=1')).toEqual([200, '/other?a=1']);
  expect(await read('/other/a/b?c=1')).toEqual([200, '/other/a/b?c=1']);
  for (const path of ['/', '/others', '/v1/other']) expect(await read(path)).toEqual([200, 'api']);
});

test.each(['GET /other', 'POST /other/{id}', 'ANY /{proxy+}', 'GET /{name}', 'GET /other/a/b'])(
  'a route %s that would lie below a mounted path is refused',
  async (key) => {
    const { listener } = await setUp();
    listener.mount('/other', (_, response) => response.end());

    await expect(startHttpApi({ routes: routes(key), invoke, listener })).rejects.toThrow(
      `${key} cannot be served: /other is mounted there`,
    );
  },
);

test('a port that is taken cannot be opened', async () => {
  const { listener } = await setUp();

  await expect(openListener(Number(new URL(listener.url).port))).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
});
