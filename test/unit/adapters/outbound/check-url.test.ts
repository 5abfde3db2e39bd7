import { describe, expect, test } from 'vitest';
import { checkUrl, urlProblem } from '../../../../functions/adapters/outbound/check-url.ts';

const isPrivate = 'must not point to a private address';
const notHttps = 'must be an https address';
const incomplete = 'must be a complete address, like https://example.com/path';
const credentials = 'must not contain a user name or a password';

describe('a URL of a caller', () => {
  test.each([
    ['http://example.com/', notHttps],
    ['ftp://example.com/a.png', notHttps],
    ['file:///etc/passwd', notHttps],
    ['data:image/png;base64,AAAA', notHttps],
    ['javascript:alert(1)', notHttps],
    ['gopher://example.com/', notHttps],
    ['blob:https://example.com/1', notHttps],
    ['wss://example.com/', notHttps],
    ['s3://bucket/key', notHttps],
    ['https://user@example.com/', credentials],
    ['https://user:secret@example.com/', credentials],
    ['https://:secret@example.com/', credentials],
    ['https://example.com@127.0.0.1/', credentials],
    ['https://10.0.0.1:8443/', isPrivate],
    ['https://example.com./', 'must not have a dot at the end of its host name'],
    ['https://intranet/', 'must have a full host name, like example.com'],
    ['', incomplete],
    ['example.com/a.png', incomplete],
    ['//example.com/a.png', incomplete],
    ['https://', incomplete],
    ['https://exa mple.com/', incomplete],
    ['https://example.com:99999/', incomplete],
    ['https://256.0.0.1/', incomplete],
    ['https://1.2.3.4.5/', incomplete],
    ['https://[fe80::1%25eth0]/', incomplete],
    ['https://[::1/', incomplete],
    [`https://example.com/${'a'.repeat(2029)}`, 'must have at most 2048 characters'],
    [
      `https://example.com/${'€'.repeat(1000)}`,
      'must have at most 2048 characters when it is percent-encoded',
    ],
  ])('%j is not allowed: it %s', (text, reason) => {
    expect(checkUrl(text)).toEqual({ reason });
  });
});

test.each([
  'https://example.com:8443/',
  'https://example.com:80/',
  'https://1.1.1.1:5678/webhook',
  'https://[2606:4700:4700::1111]:9001/',
])('%s is allowed: a public host may serve at any port', (text) => {
  expect(urlProblem(text)).toBeUndefined();
});

test('the rule maxLength decides how long an address may be', () => {
  const address = (length: number) => `https://example.com/${'a'.repeat(length - 20)}`;

  expect(urlProblem(address(8192), { maxLength: 8192 })).toBeUndefined();
  expect(urlProblem(address(8193), { maxLength: 8192 })).toBe('must have at most 8192 characters');
});

describe('with http allowed', () => {
  test.each(['http://example.com/', 'http://example.com:80/', 'https://example.com/'])(
    '%s is allowed',
    (text) => {
      expect(urlProblem(text, { http: true })).toBeUndefined();
    },
  );

  test.each([
    ['http://127.0.0.1/', isPrivate],
    ['http://localhost/', isPrivate],
    ['ftp://example.com/', 'must be an http or https address'],
  ])('%s is still not allowed: it %s', (text, reason) => {
    expect(urlProblem(text, { http: true })).toBe(reason);
  });
});

describe('with loopback allowed', () => {
  test.each([
    'http://127.0.0.1/',
    'http://127.0.0.1:4566/a.png',
    'https://127.0.0.1:8443/',
    'http://localhost:3000/',
    'http://127.1:3000/',
    'https://example.com/',
  ])('%s is allowed', (text) => {
    expect(urlProblem(text, { allowLoopback: true })).toBeUndefined();
  });

  test.each([
    ['http://127.0.0.2:3000/', notHttps],
    ['https://127.0.0.2/', isPrivate],
    ['https://10.0.0.1/', isPrivate],
    ['https://0.0.0.0/', isPrivate],
    ['https://[::1]/', isPrivate],
    ['https://169.254.169.254/', isPrivate],
    ['https://api.localhost/', isPrivate],
    ['http://localhost.:3000/', notHttps],
    ['http://localhost.example.com/', notHttps],
    ['http://user@127.0.0.1:3000/', credentials],
    ['ftp://127.0.0.1/', notHttps],
    ['blob:http://127.0.0.1/x', notHttps],
    ['blob:http://localhost:3000/x', notHttps],
    ['ws://localhost:3000/', notHttps],
  ])('%s is not allowed: it %s', (text, reason) => {
    expect(urlProblem(text, { allowLoopback: true })).toBe(reason);
  });
});
