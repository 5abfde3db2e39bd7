import { expect, test } from 'vitest';
import { csvOf as consoleCsvOf } from '../../../../console/screens/operator/csv.ts';
import { csvOf } from '../../../../functions/domain/wire/csv.ts';

test('a table has a line of names, and a line for each row with an empty cell for what is absent', () => {
  expect(
    csvOf(['day', 'tasks', 'cost'], [{ day: '2026-11-22', tasks: 3, cost: null }, { tasks: 0 }]),
  ).toBe('day,tasks,cost\r\n2026-11-22,3,\r\n,0,\r\n');
  expect(csvOf(['day'], [])).toBe('day\r\n');
});

test('a text with a comma, a quote or a line break stays one cell', () => {
  expect(csvOf(['name'], [{ name: 'a,"b"\nc' }])).toBe('name\r\n"a,""b""\nc"\r\n');
});

test.each([
  ['=HYPERLINK("https://evil.example","x")'],
  ['+1+1'],
  ['-1+1'],
  ['@SUM(A1)'],
  ['\t=1'],
  ['\r=1'],
  ['\n=1'],
  ['  =1'],
  ['\u0000=1'],
  ['＝1'],
  ['＋1'],
])('the text %j is not a formula in a spreadsheet', (name) => {
  const [, line = ''] = csvOf(['name'], [{ name }]).split(/^name\r\n/);

  expect(line.startsWith('"\'')).toBe(true);
  expect(line).toBe(`"'${name.replaceAll('"', '""')}"\r\n`);
});

test.each([
  ...['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\n', '  =1', '\u0000=1', '＝1', '－1', '＠a'],
  ...['a,b', 'a "b"', "it's", ' a', 'a ', 'a\r\nb', 'a=1', '', 'grün'],
])('the console, which imports nothing of the API, writes %j as the API does', (text) => {
  expect(consoleCsvOf(['a', 'b'], [[text, -1.5]])).toBe(csvOf(['a', 'b'], [{ a: text, b: -1.5 }]));
});

test('a number below zero stays a number', () => {
  expect(csvOf(['n'], [{ n: -1.5 }])).toBe('n\r\n-1.5\r\n');
});

test('a column is never taken from what every object has', () => {
  expect(csvOf(['constructor', '__proto__'], [{}])).toBe('constructor,__proto__\r\n,\r\n');
});
