import type { Clock } from '../model/clock.ts';
import { copiesExpireAt, type Task } from '../model/task.ts';
import type { ThumbnailStore } from './ports.ts';

/** A picture of a task in one of the buckets. */
export type TaskPicture = {
  readonly taskId: string;
  /** Its bytes; undefined when it was deleted. */
  read(): Promise<Uint8Array | undefined>;
  /** Stores its thumbnail, or stores it again. */
  storeThumbnail(jpeg: Uint8Array): Promise<void>;
};

/** The decoder was too slow, which another attempt may not be. */
export class DecoderTimeout extends Error {
  override name = 'DecoderTimeout';
}

type MakeDeps = {
  /**
   * Makes a small JPEG of a picture. Rejects when the picture is damaged, too large or of a format that it does not decode,
   * and with `DecoderTimeout` when it takes too long.
   */
  readonly shrink: (picture: Uint8Array) => Promise<Uint8Array>;
  /** There will be no thumbnail of this picture: another attempt would end the same. */
  readonly failed: (taskId: string, cause: unknown) => void;
  /** The picture is not there any more, or may not be read. */
  readonly gone: (taskId: string) => void;
};

/**
 * Makes the thumbnail of a picture. It may be repeated: the same picture has the same thumbnail.
 * @throws {Error} when the bucket cannot be read or written, or the decoder was too slow, so that another attempt may help
 */
export const makeThumbnail =
  ({ shrink, failed, gone }: MakeDeps) =>
  async (picture: TaskPicture): Promise<void> => {
    const bytes = await picture.read();
    if (!bytes) return gone(picture.taskId);
    const thumbnail = await shrink(bytes).catch((cause: unknown) => {
      if (cause instanceof DecoderTimeout) throw cause;
      failed(picture.taskId, cause);
    });
    if (thumbnail) await picture.storeThumbnail(thumbnail);
  };

type LinkDeps = {
  readonly inputs: ThumbnailStore;
  readonly results: ThumbnailStore;
  readonly now: Clock;
};

const none: ReadonlyMap<number, string> = new Map();

/** The links to the thumbnails of a task, one for each of its pictures; `null` for a picture that has none. */
export const thumbnailLinks =
  ({ inputs, results, now }: LinkDeps) =>
  async (task: Task): Promise<{ inputs: (string | null)[]; results: (string | null)[] }> => {
    const images = task.status === 'completed' ? task.images : [];
    // Thumbnails of expired copies are not listed: each list costs a request to the bucket.
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
