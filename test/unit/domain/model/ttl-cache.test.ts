import { describe, expect, test } from 'vitest';
import { ttlCache } from '../../../../functions/domain/model/cache.ts';

function context(maxEntries?: number) {
  const clock = { at: 1_000_000 };
  const loads: string[] = [];
  const cache = ttlCache<string>({
    ttlMs: 60_000,
    now: () => clock.at,
    ...(maxEntries !== undefined && { maxEntries }),
  });
  const get = (key: string, maxAgeMs?: number) =>
    cache.get(
      key,
      async () => {
        loads.push(key);
        return `${key} number ${loads.length}`;
      },
      maxAgeMs,
    );
  return { cache, clock, loads, get };
}

describe('a value in the cache', () => {
  test('is loaded once until its TTL is over, and again from then on', async () => {
    const { clock, get } = context();

    expect(await get('a')).toBe('a number 1');
    clock.at += 59_999;
    expect(await get('a')).toBe('a number 1');
    clock.at += 1;
    expect(await get('a')).toBe('a number 2');
  });

  test('is loaded again when a fresher one is requested', async () => {
    const { clock, get } = context();
    await get('a');
    clock.at += 10_000;

    expect(await get('a', 10_001)).toBe('a number 1');
    expect(await get('a', 10_000)).toBe('a number 2');
  });

  test('is loaded once by calls that come at the same time', async () => {
    const { loads, get } = context();

    await Promise.all([get('a'), get('a'), get('b')]);

    expect(loads).toEqual(['a', 'b']);
  });

  test('is not cached when its load failed, and the failure is not hidden', async () => {
    const { cache, get } = context();
    const failing = cache.get('a', () => Promise.reject(new Error('throttled')));

    await expect(failing).rejects.toThrow('throttled');
    expect(await get('a')).toBe('a number 1');
  });

  test('stays for the rest of its TTL when a fresher one could not be loaded', async () => {
    const { cache, clock, get } = context();
    await get('a');
    clock.at += 10_000;
    const fresher = cache.get('a', () => Promise.reject(new Error('throttled')), 10_000);

    await expect(fresher).rejects.toThrow('throttled');
    expect(await get('a')).toBe('a number 1');
    clock.at += 50_000;
    expect(await get('a')).toBe('a number 2');
  });

  test('stays when a failure comes late that began before it was loaded', async () => {
    const { cache, clock, get } = context();
    const { promise, reject } = Promise.withResolvers<string>();
    const slow = cache.get('a', () => promise);
    clock.at += 60_000;
    expect(await get('a')).toBe('a number 1');

    reject(new Error('timed out'));

    await expect(slow).rejects.toThrow('timed out');
    expect(await get('a')).toBe('a number 1');
  });
});

test('at its largest the cache is emptied, and a key that is in it already empties nothing', async () => {
  const { clock, loads, get } = context(2);
  await get('a');
  await get('b');
  clock.at += 60_000;
  await get('b');
  await get('a');
  expect(await get('b')).toBe('b number 3');

  await get('c');
  await get('b');

  expect(loads).toEqual(['a', 'b', 'b', 'a', 'c', 'b']);
});
