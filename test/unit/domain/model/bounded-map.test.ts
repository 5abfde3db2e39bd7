import { expect, test } from 'vitest';
import { boundedMap } from '../../../../functions/domain/model/cache.ts';

test('a map that is full is emptied for a new key, and keeps that key', () => {
  const map = boundedMap<number>(2);
  map.set('a', 1);
  map.set('b', 2);

  map.set('c', 3);

  expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual([undefined, undefined, 3]);
});

test('a new value of a key that is in a full map removes no other key', () => {
  const map = boundedMap<number>(2);
  map.set('a', 1);
  map.set('b', 2);

  map.set('a', 3);

  expect(['a', 'b'].map((key) => map.get(key))).toEqual([3, 2]);
});

test('a deleted key leaves room for another', () => {
  const map = boundedMap<number>(2);
  map.set('a', 1);
  map.set('b', 2);

  map.delete('a');
  map.set('c', 3);

  expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual([undefined, 2, 3]);
});
