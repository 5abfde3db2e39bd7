import { expect, test } from 'vitest';
import { checkUrl, urlProblem } from '../../../../functions/adapters/outbound/check-url.ts';
import { guardedLookup } from '../../../../functions/adapters/outbound/guarded-request.ts';
import { addresses, harmless, hosts, invalidHosts, names } from './hostile.ts';

type Table = Readonly<Record<string, readonly string[]>>;
const spelled = (table: Table) =>
  Object.entries(table).flatMap(([trick, list]) => list.map((text) => [trick, text] as const));

const isPrivate = 'must not point to a private address';

// With http allowed as well, so that the host is the reason and never the scheme.
const problemsOf = (host: string) =>
  [`https://${host}/`, `http://${host}/a.png?b`, `https://${host}:443`].map((url) =>
    urlProblem(url, { http: true }),
  );

test.each(spelled(hosts))('%s: %j is not allowed', (_trick, host) => {
  expect(problemsOf(host)).toEqual([isPrivate, isPrivate, isPrivate]);
});

test.each(spelled(invalidHosts))('%s: %j is not a valid host', (_trick, host) => {
  for (const reason of problemsOf(host)) {
    expect(reason).toMatch(/^must (be a complete address|have a full host name|not have a dot)/);
  }
});

test.each(spelled(addresses))('%s: %j is not allowed', (_trick, text) => {
  expect(urlProblem(text)).toMatch(/^must /);
});

test.each(names)(
  'the name %s is not allowed because of what it resolves to: %j',
  async (name, list) => {
    const { promise, resolve } = Promise.withResolvers<unknown[]>();
    const records = list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

    guardedLookup({ http: true }, async () => records)(name, {}, (...results) => resolve(results));

    expect(urlProblem(`https://${name}/`)).toBeUndefined();
    expect(await promise).toEqual([
      expect.objectContaining({ name: 'AddressNotAllowed', message: isPrivate }),
      [],
    ]);
  },
);

test('the tables have the expected length and no duplicates', () => {
  const all = [
    ...spelled({ ...hosts, ...invalidHosts }).map(([, host]) => `https://${host}/`),
    ...spelled(addresses).map(([, text]) => text),
    ...names.map(([name]) => name),
  ];

  expect(new Set(all).size).toBe(all.length);
  expect(all.length).toBeGreaterThanOrEqual(350);
});

test.each(harmless)('%j is allowed', (text) => {
  expect(checkUrl(text)).toEqual({ url: new URL(text) });
});
