import { describe, expect, test } from 'vitest';
import { type Make, opened } from './stores.ts';

const inputs = Array.from(
  { length: 3 },
  () => ({ kind: 'upload', contentType: 'image/png' }) as const,
);

/** What every store of tasks guarantees about uploads that arrive. */
export function uploadsContract(make: Make): void {
  describe('uploads', () => {
    test('are counted once each, in whatever order they arrive', async () => {
      const { tasks, id } = await promised(make);

      await tasks.uploadArrived(id, 2);
      await tasks.uploadArrived(id, 0);
      const repeated = await tasks.uploadArrived(id, 2);

      expect(repeated?.arrived).toEqual(new Set([0, 2]));
      expect(await tasks.find(id)).toEqual(repeated);
    });

    test('that arrive at once are all counted, and the last one sees them all', async () => {
      const { tasks, id } = await promised(make);

      const answers = await Promise.all([0, 1, 2].map((index) => tasks.uploadArrived(id, index)));

      const all = new Set([0, 1, 2]);
      expect(answers.filter((task) => task?.arrived?.size === 3)).toHaveLength(1);
      expect((await tasks.find(id))?.arrived).toEqual(all);
    });

    test('do not forget what else is known', async () => {
      const { tasks, id } = await promised(make);
      await tasks.waiting(id, 'token');

      const task = await tasks.uploadArrived(id, 1);

      expect(task).toMatchObject({ wakeToken: 'token', inputs });
    });
  });
}

async function promised(make: Make) {
  const store = await make();
  const { id } = await opened(store, { inputs });
  return { tasks: store.tasks, id };
}
