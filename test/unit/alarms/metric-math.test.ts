import { expect, test } from 'vitest';
import { evaluateExpression, type Values } from '../../support/alarms/metric-math.ts';

test.each<[string, Values, number | undefined]>([
  ['m', { m: 3 }, 3],
  ['m', { m: undefined }, undefined],
  ['FILL(m, 0)', { m: undefined }, 0],
  ['FILL(m, 7)', { m: 2 }, 2],
  ['a - b', { a: 5, b: 2 }, 3],
  ['a - b', { a: 5, b: undefined }, undefined],
  ['a - b - 1', { a: 5, b: 2 }, 2],
  ['2 + a * 3', { a: 4 }, 14],
  ['(2 + a) * 3', { a: 4 }, 18],
  ['a / (a + FILL(b, 0))', { a: 3, b: undefined }, 1],
  ['a / b', { a: 3, b: 0 }, undefined],
  ['a >= 3', { a: 3 }, 1],
  ['a > 3', { a: 3 }, 0],
  ['a <= 3', { a: 3 }, 1],
  ['a < 3', { a: 3 }, 0],
  ['a == 3', { a: 3 }, 1],
  ['IF(FILL(a, 0) >= 3, a / 2, 0)', { a: undefined }, 0],
  ['IF(FILL(a, 0) >= 3, a / 2, 0)', { a: 8 }, 4],
  ['IF(a >= 3, 1, 0)', { a: undefined }, undefined],
  ['SUM([FILL(a, 0), FILL(b, 0), FILL(c, 0)])', { a: 1, b: undefined, c: 5 }, 6],
  ['SUM([a])', { a: 1.5 }, 1.5],
])('%s of %j is %j', (expression, values, expected) => {
  expect(evaluateExpression(expression, values)).toBe(expected);
});

test.each([
  ['AVG([a, b])', 'AVG'],
  ['FILL(a, REPEAT)', 'FILL without a number'],
  ['FILL(c, 0)', 'c'],
  ['c + 1', 'c'],
  ['a AND b', 'AND'],
  ['a +', 'its end'],
  ['(a', 'its end instead of )'],
  ['a ^ 2', '^ 2'],
  ['SUM(a)', 'a instead of ['],
  ['SELECT SUM(a)', 'SELECT'],
])('%s is refused, because %s is not known', (expression, what) => {
  expect(() => evaluateExpression(expression, { a: 1, b: 2 })).toThrow(
    `"${expression}" has something that is not known here: ${what}`,
  );
});
