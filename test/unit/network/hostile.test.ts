import { expect, test } from 'vitest';
import { checkUrl, refusal } from '../../../functions/network/check-url.ts';
import { guardedLookup } from '../../../functions/network/guarded-lookup.ts';
import { addresses, harmless, hosts, names, nowhere } from './hostile.ts';

type Table = Readonly<Record<string, readonly string[]>>;
const spelled = (table: Table) =>
  Object.entries(table).flatMap(([trick, list]) => list.map((text) => [trick, text] as const));

const isPrivate = 'must not point to a private address';

// With http allowed as well, so that it is the host that is refused and never its scheme.
const refusals = (host: string) =>
  [`https://${host}/`, `http://${host}/a.png?b`, `https://${host}:443`].map((url) =>
    refusal(url, { http: true }),
  );

test.each(spelled(hosts))('%s: %j is where nobody may send us', (_trick, host) => {
  expect(refusals(host)).toEqual([isPrivate, isPrivate, isPrivate]);
});

test.each(spelled(nowhere))('%s: %j is no host to go to', (_trick, host) => {
  for (const reason of refusals(host)) {
    expect(reason).toMatch(/^must (be a complete address|have a full host name|not have a dot)/);
  }
});

test.each(spelled(addresses))('%s: %j is refused', (_trick, text) => {
  expect(refusal(text)).toMatch(/^must /);
});

test.each(names)('the name %s is refused for what it resolves to: %j', async (name, list) => {
  const { promise, resolve } = Promise.withResolvers<unknown[]>();
  const records = list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

  guardedLookup({ http: true }, async () => records)(name, {}, (...answer) => resolve(answer));

  expect(refusal(`https://${name}/`)).toBeUndefined();
  expect(await promise).toEqual([
    expect.objectContaining({ name: 'AddressRefused', message: isPrivate }),
    [],
  ]);
});

test('the tables are as long as they claim, and nothing stands in them twice', () => {
  const all = [
    ...spelled({ ...hosts, ...nowhere }).map(([, host]) => `https://${host}/`),
    ...spelled(addresses).map(([, text]) => text),
    ...names.map(([name]) => name),
  ];

  expect(new Set(all).size).toBe(all.length);
  expect(all.length).toBeGreaterThanOrEqual(350);
});

test.each(harmless)('%j may be asked', (text) => {
  expect(checkUrl(text)).toEqual({ url: new URL(text) });
});
