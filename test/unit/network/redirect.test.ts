import { expect, test } from 'vitest';
import { nextHeaders, nextUrl } from '../../../functions/network/redirect.ts';
import { addresses, hosts, nowhere } from './hostile.ts';

const from = new URL('https://example.com/a/b');
const laptop = { loopback: true };

test.each([
  ['https://cdn.example.net/c', 'https://cdn.example.net/c'],
  ['/c', 'https://example.com/c'],
  ['c', 'https://example.com/a/c'],
  ['//cdn.example.net/c', 'https://cdn.example.net/c'],
])('%s leads on to %s', (location, expected) => {
  expect(nextUrl(from, location, {}).href).toBe(expected);
});

test.each([
  ['http://example.com/', 'must be an https address'],
  ['//127.0.0.1/', 'must not point to a private address'],
  ['https://[::1]/', 'must not point to a private address'],
  ['https://example.com:8080/', 'must use the standard port'],
  ['file:///etc/passwd', 'must be an https address'],
])('a redirect to %s is refused: its target %s', (location, reason) => {
  expect(() => nextUrl(from, location, {})).toThrow(`redirects, and its target ${reason}`);
});

const elsewhere = Object.values({ ...hosts, ...nowhere }).flat();

test.each(elsewhere)('a redirect to the host %j is not followed, however it is written', (host) => {
  for (const location of [`https://${host}/`, `//${host}/a.png`, `http://${host}/`]) {
    expect(() => nextUrl(from, location, { http: true })).toThrow(/^redirects/);
  }
});

const schemes = [...addresses.schemes, ...addresses.ports, ...addresses['a name in front']];

test.each(schemes)('a redirect to %j is not followed', (location) => {
  expect(() => nextUrl(from, location, {})).toThrow(/^redirects/);
});

test('a redirect to nonsense is one that leads nowhere', () => {
  expect(() => nextUrl(from, 'https://[', {})).toThrow(
    'redirects to something that is not an address',
  );
});

test('a step down to http is taken only where http is allowed', () => {
  expect(nextUrl(from, 'http://example.com/', { http: true }).protocol).toBe('http:');
});

test('on the laptop only the laptop itself may lead to the laptop', () => {
  expect(() => nextUrl(from, 'http://127.0.0.1:3000/', laptop)).toThrow('must be an https address');
  expect(nextUrl(new URL('http://127.0.0.1:4000/'), 'http://127.0.0.1:3000/', laptop).port).toBe(
    '3000',
  );
});

test('credentials stay with the first origin, everything else goes along', () => {
  const headers = {
    Authorization: 'Bearer a',
    cookie: 'b',
    'Proxy-Authorization': 'c',
    accept: 'image/*',
  };

  expect(nextHeaders(headers, from, new URL('https://example.com/c'))).toEqual(headers);
  expect(nextHeaders(headers, from, new URL('https://example.net/'))).toEqual({
    accept: 'image/*',
  });
});
