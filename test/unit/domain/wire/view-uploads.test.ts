import { expect, test } from 'vitest';
import type { Task } from '../../../../functions/domain/model/task.ts';
import { uploadsOf } from '../../../../functions/domain/wire/view.ts';
import { failed, pending } from '../../../support/tasks.ts';

const inputs = [
  { kind: 'upload', contentType: 'image/png' },
  { kind: 'upload', contentType: 'image/webp' },
] as const;
const forms = uploadsOf(async (taskId, index, contentType) => ({
  url: `${taskId}/${index}`,
  fields: { contentType },
  expiresAt: 0,
}));

const form = (index: number, contentType: string) => ({
  url: `${pending().id}/${index}`,
  fields: { contentType },
  expiresAt: 0,
});

test.each<[string, Task, readonly object[]]>([
  ['every promised one', pending({ inputs }), [form(0, 'image/png'), form(1, 'image/webp')]],
  ['only what has not come', pending({ inputs, arrived: new Set([0]) }), [form(1, 'image/webp')]],
  ['nothing when all are here', pending({ inputs, arrived: new Set([0, 1]) }), []],
  ['nothing when pictures came by address', pending(), []],
  ['nothing when the task has ended', failed({ inputs }), []],
])('there are forms for %s', async (_what, task, expected) => {
  expect(await forms(task)).toEqual(expected);
});
