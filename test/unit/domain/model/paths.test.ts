import { expect, expectTypeOf, test } from 'vitest';
import { loadRoutes } from '../../../../functions/api/routes.ts';
import * as paths from '../../../../functions/domain/model/paths.ts';

const { pathTo, resultPath, taskPath } = paths;

test('every path is that of a declared route', async () => {
  const declared = new Set((await loadRoutes()).map(({ route }) => route.path));
  const known = Object.values(paths).filter((path) => typeof path === 'string');

  expect(known.length).toBeGreaterThan(10);
  expect(known.filter((path) => !declared.has(path))).toEqual([]);
});

test('a path is filled with the values of its parameters, each as one part of it', () => {
  expect(pathTo(resultPath, { task: 'task-1', n: 2 })).toBe('/v1/results/task-1/2');
  expect(pathTo(taskPath, { task_id: '../a?b#$&' })).toBe('/v1/tasks/..%2Fa%3Fb%23%24%26');
});

test('a link that lacks a parameter of its path, or has one more, does not compile', () => {
  type Parameters = paths.ParameterNames<typeof resultPath>;

  expectTypeOf<Parameters>().toEqualTypeOf<'task' | 'n'>();
  expectTypeOf<paths.ParameterNames<'/console/{file+}'>>().toEqualTypeOf<'file'>();
  expectTypeOf<paths.ParameterNames<'/console'>>().toBeNever();
});
