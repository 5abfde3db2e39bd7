import { expect, expectTypeOf, test } from 'vitest';
import { log } from '../../../functions/runtime/log.ts';
import { lines } from './lines.ts';

const written = lines();

test('a line says what happened, and to what', () => {
  log('info', 'task.created', { taskId: 'task-7', requestId: 'r', route: 'x', status: 200 });

  expect(written.last()).toMatchObject({
    ...{ level: 'INFO', message: 'task.created', service: 'darkroom' },
    ...{ taskId: 'task-7', requestId: 'r', route: 'x', status: 200 },
  });
});

test('a line without fields is a line', () => {
  log('warn', 'sweep.started');

  expect(written.last()).toMatchObject({ level: 'WARN', message: 'sweep.started' });
  expect(written.last()).not.toHaveProperty('cause');
});

test('there is no field for a secret, an address or a text of the caller', () => {
  expectTypeOf<NonNullable<Parameters<typeof log>[2]>>()
    .toHaveProperty('taskId')
    .toEqualTypeOf<string | undefined>();
  expectTypeOf<keyof NonNullable<Parameters<typeof log>[2]>>().toEqualTypeOf<
    'taskId' | 'requestId' | 'route' | 'status' | 'code' | 'count' | 'said' | 'provider' | 'cause'
  >();
});

test('an error is logged by name and place, not by its message, which may quote anything', () => {
  log('error', 'request.refused', { cause: new RangeError('cannot send\nBearer sk-dr-secret') });

  expect(written.last()).toMatchObject({
    cause: { name: 'RangeError', place: expect.arrayContaining([expect.stringContaining('at ')]) },
  });
  expect(written.text()).not.toMatch(/cannot send|secret/);
});

test('the place of an error is at most six lines', () => {
  const deep = (left: number): Error => (left > 0 ? deep(left - 1) : new Error());

  log('error', 'request.refused', { cause: deep(20) });

  expect(written.last()).toMatchObject({ cause: { place: { length: 6 } } });
});

test('an error that lost its place is still named', () => {
  const cause = Object.assign(new TypeError('x'), { stack: undefined });

  log('error', 'request.refused', { cause });

  expect(written.last()).toMatchObject({ cause: { name: 'TypeError' } });
});

test.each([
  ['sk-dr-secret', 'string'],
  [{ key: 'sk-dr-secret' }, 'object'],
  [null, 'object'],
])('what was thrown and is no error is logged by its kind', (cause, name) => {
  log('error', 'request.refused', { cause });

  expect(written.last()).toMatchObject({ cause: { name } });
  expect(written.text()).not.toContain('sk-dr-secret');
});
