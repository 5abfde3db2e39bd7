import { expect, test } from 'vitest';
import type { Scope } from '../../../../functions/domain/model/api-key.ts';
import type { Task } from '../../../../functions/domain/model/task.ts';
import { uploadsFor, uploadsOf } from '../../../../functions/domain/wire/view.ts';
import { failed, pending } from '../../../support/tasks.ts';

const inputs = [
  { kind: 'upload', contentType: 'image/png' },
  { kind: 'upload', contentType: 'image/webp' },
] as const;
const { createdAt } = pending();
const expiresAt = createdAt + 15 * 60_000;
const formFor: Parameters<typeof uploadsOf>[0] = async (taskId, index, contentType, at) => ({
  url: `${taskId}/${index}`,
  fields: { contentType },
  expiresAt: at,
});
const forms = uploadsOf(formFor);

const form = (index: number, contentType: string) => ({
  url: `${pending().id}/${index}`,
  fields: { contentType },
  expiresAt,
  index,
});

test.each<[string, Task, readonly object[]]>([
  ['every promised one', pending({ inputs }), [form(0, 'image/png'), form(1, 'image/webp')]],
  ['only what has not come', pending({ inputs, arrived: new Set([0]) }), [form(1, 'image/webp')]],
  ['nothing when all are here', pending({ inputs, arrived: new Set([0, 1]) }), []],
  ['nothing when pictures came by address', pending(), []],
  ['nothing when the task has ended', failed({ inputs }), []],
])('there are forms for %s', async (_what, task, expected) => {
  expect(await forms(task, createdAt)).toEqual(expected);
});

test('a repeated request gets forms that expire with the first ones, and none after that', async () => {
  const task = pending({ inputs });

  expect(await forms(task, expiresAt - 1)).toEqual([form(0, 'image/png'), form(1, 'image/webp')]);
  expect(await forms(task, expiresAt)).toEqual([]);
});

test.each<[Scope, number]>([
  ['generate', 2],
  ['read', 0],
  ['manage', 0],
])('who has the scope %s gets %i forms: they let their holder upload', async (scope, count) => {
  const task = pending({ inputs });

  expect(await uploadsFor(formFor)({ scopes: [scope] }, task, createdAt)).toHaveLength(count);
});
