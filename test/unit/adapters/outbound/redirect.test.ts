import { expect, test } from 'vitest';
import {
  checkRedirect,
  headersForRedirect,
} from '../../../../functions/adapters/outbound/guarded-request.ts';
import { addresses, hosts, invalidHosts } from './hostile.ts';

const from = new URL('https://example.com/a/b');
const loopback = { allowLoopback: true };

test.each([
  ['https://cdn.example.net/c', 'https://cdn.example.net/c'],
  ['/c', 'https://example.com/c'],
  ['c', 'https://example.com/a/c'],
  ['//cdn.example.net/c', 'https://cdn.example.net/c'],
  ['//cdn.example.net:8443/c', 'https://cdn.example.net:8443/c'],
])('%s leads to %s', (location, expected) => {
  expect(checkRedirect(from, location, {}).href).toBe(expected);
});

test.each([
  ['http://example.com/', 'must be an https address'],
  ['//127.0.0.1/', 'must not point to a private address'],
  ['https://[::1]/', 'must not point to a private address'],
  ['file:///etc/passwd', 'must be an https address'],
])('a redirect to %s is not allowed: its target %s', (location, reason) => {
  expect(() => checkRedirect(from, location, {})).toThrow(`redirects, and its target ${reason}`);
});

const elsewhere = Object.values({ ...hosts, ...invalidHosts }).flat();
const schemes = [
  ...addresses.schemes,
  ...addresses.ports,
  ...addresses['a user name before the host'],
];

test('there are hostile hosts and schemes to redirect to', () => {
  expect(elsewhere).not.toEqual([]);
  expect(schemes).not.toEqual([]);
});

test.each(elsewhere)('a redirect to the host %j is not followed, however it is written', (host) => {
  for (const location of [`https://${host}/`, `//${host}/a.png`, `http://${host}/`]) {
    expect(() => checkRedirect(from, location, { http: true })).toThrow(/^redirects/);
  }
});

test.each(schemes)('a redirect to %j is not followed', (location) => {
  expect(() => checkRedirect(from, location, {})).toThrow(/^redirects/);
});

test('a redirect may lead to a longer address than a caller may name, as signed links are, up to 8,192 characters', () => {
  const location = (length: number) => `https://cdn.example.net/${'a'.repeat(length - 24)}`;

  expect(checkRedirect(from, location(8192), {}).href).toHaveLength(8192);
  expect(() => checkRedirect(from, location(8193), {})).toThrow(
    'redirects, and its target must have at most 8192 characters',
  );
});

test('a redirect to something that is no URL is rejected', () => {
  expect(() => checkRedirect(from, 'https://[', {})).toThrow(
    'redirects to something that is not an address',
  );
});

test('a redirect from https to http is followed only where http is allowed', () => {
  expect(checkRedirect(from, 'http://example.com/', { http: true }).protocol).toBe('http:');
});

test('with loopback allowed only a loopback URL may redirect to a loopback URL', () => {
  expect(() => checkRedirect(from, 'http://127.0.0.1:3000/', loopback)).toThrow(
    'must be an https address',
  );
  expect(
    checkRedirect(new URL('http://127.0.0.1:4000/'), 'http://127.0.0.1:3000/', loopback).port,
  ).toBe('3000');
});

test('credentials are sent to the first origin only, all other headers to the target, too', () => {
  const headers = {
    Authorization: 'Bearer a',
    cookie: 'b',
    'Proxy-Authorization': 'c',
    accept: 'image/*',
  };

  expect(headersForRedirect(headers, from, new URL('https://example.com/c'))).toEqual(headers);
  expect(headersForRedirect(headers, from, new URL('https://example.net/'))).toEqual({
    accept: 'image/*',
  });
});
