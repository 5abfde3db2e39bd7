import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestStack } from './open-stack.ts';
import { startStack } from './start-stack.ts';

// The console as a browser gets it: over HTTP, with headers and encodings. Its behaviour is tested in test/browser.

let stack: TestStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.close());

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(new URL(path, stack.url), { method, headers, redirect: 'manual' });

describe('the page', () => {
  test.each([
    '/',
    '/console',
    '/console/tasks',
    '/console/tasks/task-unified-1772443800-imcg5zqt',
    '/docs',
    '/docs/createTask',
  ])('is at %s, without a key', async (path) => {
    const response = await get(path, { accept: 'text/html' });

    expect(response.status).toBe(200);
    expect(await response.text()).toContain('<div id="root"></div>');
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  });

  test('may load pictures from the storage of this stack, and from nowhere else', async () => {
    const policy = (await get('/')).headers.get('content-security-policy') ?? '';
    const storage = new URL(stack.environment['AWS_ENDPOINT_URL_S3'] ?? '').origin;

    expect(policy).toContain(`img-src 'self' blob: ${storage};`);
    expect(policy).toContain(`connect-src 'self' ${storage};`);
  });

  test('is not sent again when it has not changed', async () => {
    const etag = (await get('/')).headers.get('etag') ?? '';
    const response = await get('/', { 'if-none-match': etag });

    expect(response.status).toBe(304);
    expect(await response.text()).toBe('');
  });

  test('answers HEAD with its headers alone', async () => {
    const response = await get('/', {}, 'HEAD');

    expect(response.status).toBe(200);
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(100);
    expect(await response.text()).toBe('');
  });

  test('is not sent to a client that accepts only JSON: that client gets the addresses of page and document', async () => {
    const response = await get('/', { accept: 'application/json' });

    expect(await response.json()).toEqual({
      object: 'service',
      name: 'Darkroom',
      console: '/console',
      document: '/openapi.json',
      health: '/healthz',
    });
  });

  test('is at /console/ as well, by way of the path without the slash', async () => {
    const response = await get('/console/');

    expect([response.status, response.headers.get('location')]).toEqual([308, '/console']);
  });
});

describe('a file of the page', () => {
  test('is compressed, may be cached for ever, and has the right type', async () => {
    const page = await (await get('/')).text();
    const [, script = ''] = /src="(\/console\/assets\/[^"]+\.js)"/.exec(page) ?? [];
    const response = await get(script, { 'accept-encoding': 'br' });

    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'content-encoding': 'br',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
    });
    expect(await response.text()).toContain('Darkroom');
  });

  test.each(['/console/assets/index-00000000.js', '/docs/index.html', '/docs/assets/index.js'])(
    'that does not exist is 404, and never the page: %s',
    async (path) => {
      const response = await get(path);

      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: { code: 'not_found' } });
    },
  );
});
