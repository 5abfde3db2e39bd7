import { describe, expect, test } from 'vitest';
import {
  findValue,
  parsePath,
  placeResult,
  readValue,
  selectByPath,
} from '../../../../local/aws/step-functions/paths.ts';

const data = {
  a: { b: 1, 'two words': 2, 'x-y': null },
  list: [{ n: 1 }, { n: 2 }],
};
const scope = { data, context: { Execution: { Name: 'task-1' } } };

test.each([
  ['$', data],
  ['$.a.b', 1],
  ["$['a']['b']", 1],
  ['$["a"].b', 1],
  ["$.a['two words']", 2],
  ['$.a.x-y', null],
  ['$.list[1].n', 2],
  ['$$.Execution.Name', 'task-1'],
  ['$$', scope.context],
])('the path %s leads to one value', (path, value) => {
  expect(readValue(parsePath(path), scope)).toEqual(value);
});

test.each(['$.b', '$.a.b.c', '$.list[2]', '$.list.n', '$.a[0]', '$.constructor', '$.list.length'])(
  'a path that leads nowhere fails the execution: %s',
  (path) => {
    expect(findValue(parsePath(path), scope)).toBeUndefined();
    expect(() => readValue(parsePath(path), scope)).toThrow(
      expect.objectContaining({ name: 'States.Runtime', isFinal: true }),
    );
  },
);

test.each([
  ['$..n', 'the search of all descendants'],
  ['$.list[*]', 'the wildcard'],
  ['$.*', 'the wildcard'],
  ['$.list[?(@.n == 1)]', 'a filter'],
  ['$.list[(@.length-1)]', 'an expression'],
  ['$.list[-1]', 'an index from the end'],
  ['$.list[0:1]', 'a slice'],
  ['$.list[0,1]', 'several fields or indexes'],
  ['$.list.length()', 'a function'],
])('a part of JSONPath that is not supported is refused by name: %s', (path, what) => {
  expect(() => parsePath(path)).toThrow(`${what}`);
  expect(() => parsePath(path)).toThrow(`is not supported in the path ${path}`);
});

test.each(['', 'a.b', '$a', '$.', '$.a.', '$[', '$.a[b]', '$.a b', '$$$'])(
  '%j is not a path',
  (path) => {
    expect(() => parsePath(path)).toThrow('is not a path');
  },
);

test('a path of null selects an empty object, and no path the whole', () => {
  expect(selectByPath(null, scope)).toEqual({});
  expect(selectByPath(undefined, scope)).toBe(data);
});

describe('a result', () => {
  test.each([
    [undefined, { a: 1 }, 'r'],
    ['$', { a: 1 }, 'r'],
    ['$.b', { a: 1 }, { a: 1, b: 'r' }],
    ['$.a', { a: 1 }, { a: 'r' }],
    ['$.b.c.d', { a: 1 }, { a: 1, b: { c: { d: 'r' } } }],
    ['$.a[1]', { a: [1, 2, 3] }, { a: [1, 'r', 3] }],
    ["$['__proto__']", {}, JSON.parse('{"__proto__":"r"}')],
  ])('is placed at %s of the input', (path, input, output) => {
    const before = structuredClone(input);

    expect(placeResult(path === undefined ? undefined : parsePath(path), input, 'r')).toEqual(
      output,
    );
    expect(input).toEqual(before);
  });

  test('is dropped at null', () => {
    expect(placeResult(null, { a: 1 }, 'r')).toEqual({ a: 1 });
  });

  test.each([
    ['$.a', 'text'],
    ['$.a.b', { a: 1 }],
    ['$.a[0]', { a: {} }],
    ['$.a[1]', { a: [1] }],
    ['$.a', null],
  ])('cannot be placed at %s of %j', (path, input) => {
    expect(() => placeResult(parsePath(path), input, 'r')).toThrow(
      expect.objectContaining({ name: 'States.ResultPathMatchFailure', isFinal: false }),
    );
  });
});
