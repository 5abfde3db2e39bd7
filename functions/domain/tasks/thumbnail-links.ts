import type { Clock } from '../model/clock.ts';
import { copiesExpireAt, type Task } from '../model/task.ts';
import type { ThumbnailStore } from './ports.ts';

type Deps = {
  readonly inputs: ThumbnailStore;
  readonly results: ThumbnailStore;
  readonly now: Clock;
};

const none: ReadonlyMap<number, string> = new Map();

/** The links to the thumbnails of a task, one for each of its pictures; `null` for a picture that has none. */
export const thumbnailLinks =
  ({ inputs, results, now }: Deps) =>
  async (task: Task): Promise<{ inputs: (string | null)[]; results: (string | null)[] }> => {
    const images = task.status === 'completed' ? task.images : [];
    // Nothing is looked for that cannot be there: each look costs a request to the bucket.
    const hasCopies = now() < (copiesExpireAt(task) ?? 0);
    const [ofInputs, ofResults] = await Promise.all([
      hasCopies ? inputs.links(task.id) : none,
      images.length > 0 ? results.links(task.id) : none,
    ]);
    return {
      inputs: task.inputs.map((_, index) => ofInputs.get(index) ?? null),
      results: images.map((_, index) => ofResults.get(index + 1) ?? null),
    };
  };
