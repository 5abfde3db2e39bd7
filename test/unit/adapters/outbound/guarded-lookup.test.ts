import { expect, test } from 'vitest';
import type { UrlRules } from '../../../../functions/adapters/outbound/check-url.ts';
import { guardedLookup } from '../../../../functions/adapters/outbound/guarded-request.ts';

const records = (addresses: readonly string[]) =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

const ask = (
  hostname: string,
  addresses: readonly string[],
  { all = true, ...rules }: UrlRules & { all?: boolean } = {},
) => {
  const { promise, resolve } = Promise.withResolvers<unknown[]>();
  const lookup = guardedLookup(rules, async () => records(addresses));
  lookup(hostname, { all }, (...results) => resolve(results));
  return promise;
};

test('returns every address that was checked', async () => {
  const addresses = ['1.1.1.1', '2606:4700:4700::1111'];

  expect(await ask('example.com', addresses)).toEqual([null, records(addresses)]);
});

test('returns one address when one is requested', async () => {
  expect(await ask('example.com', ['1.1.1.1', '8.8.8.8'], { all: false })).toEqual([
    null,
    '1.1.1.1',
    4,
  ]);
});

test.each([
  ['a private address', ['10.0.0.1']],
  ['this machine', ['127.0.0.1']],
  ['the metadata of a cloud', ['169.254.169.254']],
  ['a private address behind a public one', ['1.1.1.1', '192.168.0.1']],
  ['a private address before a public one', ['::1', '2606:4700:4700::1111']],
  ['IPv4 in IPv6 clothes', ['::ffff:1.1.1.1']],
  ['something that is no address', ['example.org']],
])('a name that resolves to %s is not allowed', async (_name, addresses) => {
  const [error] = await ask('example.com', addresses);

  expect(error).toMatchObject({
    name: 'AddressNotAllowed',
    message: 'must not point to a private address',
  });
});

test('a name without an address is unreachable', async () => {
  expect((await ask('example.com', []))[0]).toMatchObject({ name: 'Unreachable' });
});

test('localhost may be a loopback address when loopback is allowed', async () => {
  const addresses = ['127.0.0.1', '::1'];

  expect(await ask('localhost', addresses, { allowLoopback: true })).toEqual([
    null,
    records(addresses),
  ]);
});

test.each([
  ['localhost', ['1.1.1.1']],
  ['localhost', ['127.0.0.1', '10.0.0.1']],
  ['localhost', ['127.0.0.2']],
  ['example.com', ['127.0.0.1']],
])('with loopback allowed %s still may not be %j', async (hostname, addresses) => {
  expect((await ask(hostname, addresses, { allowLoopback: true }))[0]).toMatchObject({
    name: 'AddressNotAllowed',
  });
});
