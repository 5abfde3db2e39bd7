import { expect, test } from 'vitest';
import { runReconciler } from '../../../../functions/domain/tasks/run-reconciler.ts';
import { sampleTime } from '../../../support/tasks.ts';

/** A run that writes down what it does; `broken` fails. */
function setUp(broken?: 'slots' | 'tasks') {
  const done: string[] = [];
  const step = (name: 'slots' | 'tasks') => async () => {
    done.push(name);
    if (name === broken) throw new Error(`the ${name} are broken`);
  };
  const run = runReconciler({
    reconcileSlots: step('slots'),
    reconcileTasks: step('tasks'),
    queue: {
      writeSummary: async (name, { takenAt }) => void done.push(`${name} at ${takenAt}`),
    },
    now: () => sampleTime,
    slotsFailed: (cause) => void done.push(String(cause)),
  });
  return { run, done };
}

test('a run reconciles the slots before the tasks, and then says when it was', async () => {
  const { run, done } = setUp();

  await run();

  expect(done).toEqual(['slots', 'tasks', `reconciler at ${sampleTime}`]);
});

test('slots that cannot be reconciled are reported, and the tasks are checked all the same', async () => {
  const { run, done } = setUp('slots');

  await run();

  expect(done).toEqual([
    'slots',
    'Error: the slots are broken',
    'tasks',
    `reconciler at ${sampleTime}`,
  ]);
});

test('a run that cannot read the tasks fails, and does not say that it was one', async () => {
  const { run, done } = setUp('tasks');

  await expect(run()).rejects.toThrow('the tasks are broken');

  expect(done).toEqual(['slots', 'tasks']);
});
