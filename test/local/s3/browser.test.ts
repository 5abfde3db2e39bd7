import { PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import type { CorsRule } from '../../../local/s3/cors.ts';
import { s3World } from './world.ts';

const rule: CorsRule = {
  AllowedOrigins: ['https://*.example.com', 'http://localhost:3000'],
  AllowedMethods: ['POST', 'GET'],
  AllowedHeaders: ['content-type', 'x-amz-*'],
  ExposedHeaders: ['ETag'],
  MaxAge: 600,
};
const anyone: CorsRule = { AllowedOrigins: ['*'], AllowedMethods: ['HEAD'] };

const preflight = (url: string, origin: string, method: string, headers?: string) =>
  fetch(`${url}/photos/a`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      ...(headers && { 'access-control-request-headers': headers }),
    },
  });

test('a page that a rule names may send', async () => {
  const { url } = await s3World({ cors: [rule, anyone] });

  const response = await preflight(
    url,
    'https://app.example.com',
    'POST',
    'Content-Type, X-Amz-Meta-N',
  );

  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'access-control-allow-origin': 'https://app.example.com',
    'access-control-allow-methods': 'POST, GET',
    'access-control-allow-headers': 'content-type, x-amz-meta-n',
    'access-control-expose-headers': 'ETag',
    'access-control-max-age': '600',
  });
});

test.each([
  ['another origin', 'https://example.org', 'POST', undefined],
  ['an origin that only ends alike', 'https://.example.com.evil.org', 'POST', undefined],
  ['another method', 'http://localhost:3000', 'DELETE', undefined],
  ['another header', 'http://localhost:3000', 'POST', 'authorization'],
])('%s is refused', async (_, origin, method, headers) => {
  const { url } = await s3World({ cors: [rule] });

  const response = await preflight(url, origin, method, headers);

  expect(response.status).toBe(403);
  expect(await response.text()).toContain('AccessForbidden');
});

test('a bucket without rules lets no page in', async () => {
  const { url } = await s3World();

  expect((await preflight(url, 'https://app.example.com', 'GET')).status).toBe(403);
});

test('a page can read answers and errors alike, a strange page neither', async () => {
  const { url } = await s3World({ cors: [rule, anyone] });
  const answer = (origin: string, method = 'GET') =>
    fetch(`${url}/photos/a`, { method, headers: { origin } });

  const known = await answer('http://localhost:3000');
  const strange = await answer('https://example.org');
  const open = await answer('https://example.org', 'HEAD');

  expect(known.headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
  expect(strange.headers.get('access-control-allow-origin')).toBeNull();
  expect(open.headers.get('access-control-allow-origin')).toBe('*');
});

test('an ordinary answer is no business of CORS', async () => {
  const { client } = await s3World({ cors: [rule] });

  const put = await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'a', Body: 'x' }));

  expect(put.$metadata.httpStatusCode).toBe(200);
});
