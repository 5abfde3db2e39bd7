import type { Task } from '../model/task.ts';
import type { ThumbnailStore } from './ports.ts';

type Deps = { readonly inputs: ThumbnailStore; readonly results: ThumbnailStore };

/** The links to the thumbnails of a task, one for each of its pictures; `null` for a picture that has none. */
export const thumbnailLinks =
  ({ inputs, results }: Deps) =>
  async (task: Task): Promise<{ inputs: (string | null)[]; results: (string | null)[] }> => {
    const images = task.status === 'completed' ? task.images : [];
    const [ofInputs, ofResults] = await Promise.all([
      inputs.links(task.id),
      images.length > 0 ? results.links(task.id) : undefined,
    ]);
    return {
      inputs: task.inputs.map((_, index) => ofInputs.get(index) ?? null),
      results: images.map((_, index) => ofResults?.get(index + 1) ?? null),
    };
  };
