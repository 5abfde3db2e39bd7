import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noRouteProblem, noSuchRoute } from '../../../functions/api/not-found/route.ts';
import { startPage } from '../../../functions/api/show-start-page/service-links.ts';
import { originsOf, staticFiles } from '../../../functions/api/static-files.ts';
import type { FileResponse } from '../../../functions/runtime/http.ts';

const origins = 'https://inputs.s3.us-east-1.amazonaws.com';
let directory = '';
let files: ReturnType<typeof staticFiles>;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'darkroom-files-'));
  mkdirSync(join(directory, 'files/assets'), { recursive: true });
  const write = (name: string, text: string) => writeFileSync(join(directory, name), text);
  write('secret.js', 'outside');
  write('files/index.html', '<!doctype html>');
  write('files/index.html.br', 'page as brotli');
  write('files/assets/main-1a2b3c4d.js', 'script');
  write('files/assets/main-1a2b3c4d.js.br', 'script as brotli');
  write('files/assets/main-1a2b3c4d.js.gz', 'script as gzip');
  files = staticFiles(join(directory, 'files'), origins);
});
afterAll(() => rmSync(directory, { recursive: true }));

type Headers = Parameters<typeof files.page>[0];

/** The response to a request for a file of the console, by its path below `/console`. */
const fileAt = (path: string, headers: Headers) =>
  files.at('/console', { method: 'GET', rawPath: `/console/${path}`, headers });

const script = 'assets/main-1a2b3c4d.js';
const textOf = (response: FileResponse) =>
  'file' in response ? Buffer.from(response.file, 'base64').toString() : undefined;

describe('a file of the console', () => {
  test.each([
    ['gzip, deflate, br', 'script as brotli', 'br'],
    ['gzip', 'script as gzip', 'gzip'],
    ['br;q=0, gzip;q=0.5', 'script as gzip', 'gzip'],
    ['BR', 'script as brotli', 'br'],
    ['identity', 'script', undefined],
    [undefined, 'script', undefined],
  ])(
    'for a client that accepts %s is sent in the smallest encoding of those',
    (accepted, text, encoding) => {
      const response = fileAt(script, { 'accept-encoding': accepted });

      expect(textOf(response)).toBe(text);
      expect(response.headers['content-encoding']).toBe(encoding);
      expect(response.headers).toMatchObject({
        'content-type': 'text/javascript; charset=utf-8',
        'cache-control': 'public, max-age=31536000, immutable',
        vary: 'accept-encoding',
      });
    },
  );

  test('is not sent again to a client that has it, each encoding by its own ETag', () => {
    const brotli = fileAt(script, { 'accept-encoding': 'br' }).headers['etag'];
    const plain = fileAt(script, {}).headers['etag'];

    expect(brotli).not.toBe(plain);
    expect(fileAt(script, { 'if-none-match': `"other", W/${plain}` })).toMatchObject({
      unchanged: true,
      headers: { etag: plain },
    });
    expect(textOf(fileAt(script, { 'if-none-match': brotli }))).toBe('script');
  });

  test.each([
    'assets/gone-1a2b3c4d.js',
    '../secret.js',
    'assets/../../secret.js',
    '%2e%2e/secret.js',
    '/etc/hosts.js',
    'index.html.br',
    'assets/main-1a2b3c4d.js.gz',
  ])('does not exist at %s', (path) => {
    expect(() => fileAt(path, {})).toThrow(noSuchRoute('GET', `/console/${path}`));
  });
});

describe('the page', () => {
  test('is the same at the address of every screen, and is always asked for again', () => {
    const page = files.page({ 'accept-encoding': 'br' });

    expect(textOf(page)).toBe('page as brotli');
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      vary: 'accept, accept-encoding',
    });
    expect(fileAt('tasks/task-unified-1', { 'accept-encoding': 'br' })).toEqual(page);
  });

  test('runs its own scripts and styles alone, and no page can frame it', () => {
    const policy = files.page({}).headers['content-security-policy'] ?? '';
    const rules = Object.fromEntries(
      policy.split('; ').map((rule) => [rule.split(' ')[0], rule.split(' ').slice(1).join(' ')]),
    );

    expect(rules).toEqual({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'img-src': `'self' blob: ${origins}`,
      'connect-src': `'self' ${origins}`,
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
      'require-trusted-types-for': "'script'",
      'trusted-types': "'none'",
    });
  });

  test('demands https for a year only where it came by https', () => {
    const header = 'strict-transport-security';

    expect(files.page({ 'x-forwarded-proto': 'https' }).headers[header]).toBe('max-age=31536000');
    expect(files.page({}).headers[header]).toBe(undefined);
  });
});

test('the page is at every path of a screen, and no path that names a file leads anywhere', () => {
  const screenAt = (rawPath: string) => files.screen({ method: 'GET', rawPath, headers: {} });

  expect(textOf(screenAt('/docs/createTask'))).toBe('<!doctype html>');
  for (const path of ['/docs/main.js', '/docs/.env']) {
    expect(() => screenAt(path)).toThrow(noSuchRoute('GET', path));
  }
});

test.each([
  ['/v1/none', 'not_found', undefined],
  ['/', 'not_found', undefined],
  ['/v1/tasks/', 'moved_permanently', '/v1/tasks?limit=1'],
  ['//evil.example/', 'moved_permanently', '/evil.example?limit=1'],
])('a request to %s, which no route matches, is %s', (path, code, location) => {
  expect(noRouteProblem('GET', path, 'limit=1')).toMatchObject({
    code,
    ...(location !== undefined && { headers: { location } }),
  });
});

test('pictures come from the buckets, or from an endpoint of S3 that is not AWS’s own', () => {
  expect(originsOf(origins)).toBe(origins);
  expect(originsOf(origins, 'http://127.0.0.1:4566/path')).toBe('http://127.0.0.1:4566');
});

test.each([
  ['application/json', true],
  ['application/json, application/problem+json;q=0.8', true],
  ['application/vnd.api+json', true],
  ['application/json, */*', false],
  ['text/html,application/xhtml+xml,application/json;q=0.9', false],
  ['*/*', false],
  [undefined, false],
])('at the root, a client that accepts %s gets JSON: %s', (accept, expected) => {
  const page: FileResponse = { file: 'page', headers: { 'content-type': 'text/html' } };

  const response = startPage(accept, () => page);

  if (!expected) return expect(response).toBe(page);
  expect(JSON.parse(textOf(response) ?? '')).toMatchObject({
    console: '/console',
    document: '/openapi.json',
    health: '/healthz',
  });
});
