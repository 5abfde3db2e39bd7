import { PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import type { CorsRule } from '../../../../local/aws/s3/cors.ts';
import { localS3 } from './local-s3.ts';

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

test('a page whose origin is in a rule may send a request', async () => {
  const { url } = await localS3({ cors: [rule, anyone] });

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
])('%s is rejected', async (_, origin, method, headers) => {
  const { url } = await localS3({ cors: [rule] });

  const response = await preflight(url, origin, method, headers);

  expect(response.status).toBe(403);
  expect(await response.text()).toContain('AccessForbidden');
});

test('a bucket without rules allows no origin', async () => {
  const { url } = await localS3();

  expect((await preflight(url, 'https://app.example.com', 'GET')).status).toBe(403);
});

test('an allowed page can read responses and errors, any other page neither', async () => {
  const { url } = await localS3({ cors: [rule, anyone] });
  const fetchFrom = (origin: string, method = 'GET') =>
    fetch(`${url}/photos/a`, { method, headers: { origin } });

  const known = await fetchFrom('http://localhost:3000');
  const strange = await fetchFrom('https://example.org');
  const open = await fetchFrom('https://example.org', 'HEAD');

  expect(known.headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
  expect(strange.headers.get('access-control-allow-origin')).toBeNull();
  expect(open.headers.get('access-control-allow-origin')).toBe('*');
});

test('a request without an Origin is not affected by CORS rules', async () => {
  const { client } = await localS3({ cors: [rule] });

  const put = await client.send(new PutObjectCommand({ Bucket: 'photos', Key: 'a', Body: 'x' }));

  expect(put.$metadata.httpStatusCode).toBe(200);
});
