import { expect, test } from 'vitest';
import type { Rescue } from '../../../functions/task/bring-on.ts';
import { executionEnded } from '../../../functions/task/execution-ended.ts';
import type { Running, Task } from '../../../functions/task/task.ts';
import { memoryStore } from '../../support/fakes.ts';
import { completed, failed, pending, processing, sampleId } from '../../support/tasks.ts';

function world(task: Task, rescue: Rescue = 'restarted') {
  const { tasks, put } = memoryStore();
  put(task);
  const broughtOn: Running[] = [];
  const bringOn = async (running: Running) => {
    broughtOn.push(running);
    return rescue;
  };
  return { broughtOn, ended: executionEnded({ tasks, bringOn }) };
}

test.each([pending(), processing({ execution: 3 })])(
  'a $status task whose execution ended badly is brought on as it is now',
  async (task) => {
    const { ended, broughtOn } = world(task);

    expect(await ended(sampleId)).toBe('restarted');

    expect(broughtOn).toEqual([task]);
  },
);

test('what came of it is answered', async () => {
  expect(await world(processing(), 'alive').ended(sampleId)).toBe('alive');
});

const callback = { callbackUrl: 'https://example.com/hook', dueAt: 5 };

test.each([completed(callback), failed(callback)])(
  'a $status task needs no execution: who is owed an answer gets it when that is due',
  async (task) => {
    const { ended, broughtOn } = world(task);

    expect(await ended(sampleId)).toBe('settled');

    expect(broughtOn).toEqual([]);
  },
);

test('an execution that somebody started by hand is nobody’s', async () => {
  const { ended, broughtOn } = world(processing());

  expect(await ended('a-try-from-the-console')).toBe('unknown');

  expect(broughtOn).toEqual([]);
});
