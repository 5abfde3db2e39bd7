import { expect, test } from 'vitest';
import { allPages } from '../../../console/screens/usage/all-pages.ts';
import { seriesOf } from '../../../console/screens/usage/series.ts';

const pages: Readonly<Record<string, { data: readonly number[]; next_cursor: string | null }>> = {
  first: { data: [1, 2], next_cursor: 'second' },
  second: { data: [3], next_cursor: 'third' },
  third: { data: [4], next_cursor: null },
};

test.each([
  [3, [1, 2, 3, 4], true],
  [2, [1, 2, 3], false],
])('of three pages, at most %d are read', async (maxPages, rows, isWhole) => {
  const asked: (string | undefined)[] = [];
  const read = async (cursor = 'first') => {
    asked.push(cursor);
    return pages[cursor] ?? { data: [], next_cursor: null };
  };

  expect(await allPages(read, maxPages)).toEqual({ rows, isWhole });
  expect(asked).toEqual(Object.keys(pages).slice(0, maxPages));
});

const rowsOf = (keys: number) =>
  Array.from({ length: keys }, (_, index) => ({
    key_id: `key-${index}`,
    key_name: index === 0 ? null : `name ${index}`,
    credits: index + 1,
  }));
const namesOf = (keys: number) => seriesOf(rowsOf(keys)).map(({ name }) => name);

test('the six keys that spent most have series of their own, and all other keys share the last one', () => {
  expect(namesOf(2)).toEqual(['name 1', 'key-0']);
  expect(namesOf(6)).toHaveLength(6);
  expect(namesOf(7).slice(5)).toEqual(['name 1', 'one other key']);
  expect(namesOf(9).slice(5)).toEqual(['name 3', '3 other keys']);
});
