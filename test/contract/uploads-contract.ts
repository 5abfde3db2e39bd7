import { describe, expect, test } from 'vitest';
import { type MakeStore, openTask } from './stores.ts';

const inputs = Array.from(
  { length: 3 },
  () => ({ kind: 'upload', contentType: 'image/png' }) as const,
);

/** What every store of tasks guarantees about the uploads of a task. */
export function uploadsContract(make: MakeStore): void {
  describe('uploads', () => {
    test('every upload is recorded once, in whatever order the uploads arrive', async () => {
      const { tasks, id } = await promised(make);

      await tasks.recordUpload(id, 2);
      await tasks.recordUpload(id, 0);
      const repeated = await tasks.recordUpload(id, 2);

      expect(repeated?.arrived).toEqual(new Set([0, 2]));
      expect(await tasks.findRecord(id)).toEqual(repeated);
    });

    test('simultaneous uploads are all recorded, and the last one sees them all', async () => {
      const { tasks, id } = await promised(make);

      const records = await Promise.all([0, 1, 2].map((index) => tasks.recordUpload(id, index)));

      const all = new Set([0, 1, 2]);
      expect(records.filter((task) => task?.arrived?.size === 3)).toHaveLength(1);
      expect((await tasks.find(id))?.arrived).toEqual(all);
    });

    test('recording an upload changes no other fact', async () => {
      const { tasks, id } = await promised(make);
      await tasks.saveTaskToken(id, 'token');

      const task = await tasks.recordUpload(id, 1);

      expect(task).toMatchObject({ wakeToken: 'token', arrived: new Set([1]) });
      expect(await tasks.find(id)).toMatchObject({ ...task, inputs });
    });
  });
}

async function promised(make: MakeStore) {
  const store = await make();
  const { id } = await openTask(store, { inputs });
  return { tasks: store.tasks, id };
}
