import { ApiError } from '../../api/api-error.ts';
import { api, bodyOf } from '../../api/client.ts';
import {
  type GenerationRequest,
  isEnded,
  type ModelName,
  refreshTasks,
  type Task,
} from '../../api/queries.ts';
import { checkSignedIn, type Retry, retryWhileSignedIn } from '../../api/retry.ts';
import { mediaTypes } from '../../pictures/inspect.ts';
import { atOwnOrigin, fetchPicture } from '../../pictures/picture.ts';
import { session } from '../../session/session.ts';
import {
  type Created,
  createTask,
  newIdempotencyKey,
  type SentPicture,
  uploadAll,
  withPictures,
} from '../create/send.ts';
import { imageFile, saveZip, type ZipFile } from '../result/save.ts';
import { type Item, makeBulk, messageOf } from './bulk.ts';
import { makeReruns } from './reruns.ts';

/**
 * The action on the selected tasks. It does not belong to the screen, so that it goes on while another screen is open.
 */
export const bulk = makeBulk();

// For a shared computer: the next user must not see the action, and it must not go on with that user's key. Registered
// here and not in main.tsx, because most visits never load this file.
session.onSignOut(() => {
  bulk.forget();
  reruns.forget();
});

const pathOf = (id: string) => ({ params: { path: { task_id: id } } });

const readTask = (id: string, retry: Retry): Promise<Task> =>
  retry(() => bodyOf(api.GET('/v1/tasks/{task_id}', pathOf(id))));

const imagesOf = (count: number): string => (count === 1 ? '1 image' : `${count} images`);

/** Saves the images of the tasks as one zip file. When an image cannot be read, the zip file still gets the others. */
export async function downloadTasks(items: readonly Item[]): Promise<void> {
  const files: ZipFile[] = [];
  await bulk.run({
    name: 'Download',
    items,
    work: async ({ id }, isMine) => {
      const retry = retryWhileSignedIn(isMine);
      const task = await readTask(id, retry);
      const links = task.status === 'completed' ? task.results.map(atOwnOrigin) : [];
      const read = await Promise.allSettled(
        links.map(async (link, index) => {
          files.push(imageFile(id, index + 1, await retry(() => fetchPicture(link))));
        }),
      );
      const failed = read.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
      const text = `${imagesOf(links.length - failed.length)} in the zip`;
      if (failed.length > 0)
        throw new Error(`${text}, of ${links.length}. ${messageOf(failed[0])}`);
      return { text };
    },
    finish: async () => {
      if (files.length > 0) await saveZip(files, `darkroom-${files.length}-images`);
      return undefined;
    },
  });
}

export async function cancelTasks(items: readonly Item[]): Promise<void> {
  await bulk.run({
    name: 'Cancel',
    items,
    work: async ({ id }, isMine) => {
      const task = await retryWhileSignedIn(isMine)(() =>
        bodyOf(api.POST('/v1/tasks/{task_id}/cancel', pathOf(id))),
      );
      return { text: isEnded(task) ? 'Cancelled' : 'Being cancelled, as far as the model allows' };
    },
  });
  await refreshTasks();
}

export async function deleteTasks(items: readonly Item[]): Promise<void> {
  await bulk.run({
    name: 'Delete',
    items,
    work: async ({ id }, isMine) => {
      try {
        await retryWhileSignedIn(isMine)(() =>
          bodyOf(api.DELETE('/v1/tasks/{task_id}', pathOf(id))),
        );
      } catch (error) {
        // The response to an earlier try may have been lost.
        if (!(error instanceof ApiError && error.status === 404)) throw error;
      }
      return { text: 'Deleted' };
    },
  });
  await refreshTasks();
}

type Prepared = {
  readonly body: GenerationRequest;
  readonly pictures: readonly SentPicture[];
  readonly key: string;
};

const reruns = makeReruns<Prepared, Created>(
  (error) => error instanceof ApiError && !error.isTemporary,
);

/** Starts each of the tasks once more, with its own pictures and its own request. */
export async function runTasksAgain(items: readonly Item[]): Promise<void> {
  await bulk.run({
    name: 'Run again',
    items,
    work: async ({ id }, isMine) => {
      const retry = retryWhileSignedIn(isMine);
      const created = await reruns.run(id, {
        check: () => checkSignedIn(isMine),
        prepare: async () => prepare(await readTask(id, retry), retry),
        create: ({ body, key }) => retry(() => createTask(body, key)),
        send: async (made, { body, pictures }) => {
          if (body.image_uploads && !made.uploads) await expectBegun(made.id, retry);
          await uploadAll(made.uploads, pictures);
        },
      });
      return { text: 'Started again', newId: created.id };
    },
  });
  await refreshTasks();
}

/**
 * A response without forms means that all pictures have arrived, or that the forms have expired.
 *
 * @throws when the task may still wait for pictures that nobody can send any more
 */
async function expectBegun(id: string, retry: Retry): Promise<void> {
  const { status, started_at } = await readTask(id, retry);
  if (status !== 'pending' || started_at !== null) return;
  throw new Error(
    `Its new task ${id} has not begun, and takes no pictures any more. Without them it fails in a while and costs nothing; run it again then.`,
  );
}

async function prepare(task: Task, retry: Retry): Promise<Prepared> {
  const pictures = await Promise.all(task.request.inputs.map((one) => pictureOf(one, retry)));
  const body = await retry(() =>
    withPictures(requestOf(task), pictures, { isUnclear: false, onUpload: () => undefined }),
  );
  return { body, pictures, key: newIdempotencyKey() };
}

type TaskInput = Task['request']['inputs'][number];

/** The copy of an input, or the input's address when there is no copy. */
async function pictureOf({ link, ...input }: TaskInput, retry: Retry): Promise<SentPicture> {
  if (link === undefined) {
    if (input.type === 'url') return { kind: 'address', address: input.url };
    throw new Error('There is no copy of its pictures any more: open it, and choose them again.');
  }
  const blob = await retry(() => fetchPicture(link));
  const mediaType = Object.values(mediaTypes).find((type) => type === blob.type);
  if (mediaType === undefined) throw new Error('The copy of its picture has no known type.');
  return { kind: 'file', ready: { blob, mediaType } };
}

/** The request of a task, without its pictures. */
const requestOf = ({ model, request, callback, metadata }: Task): GenerationRequest => ({
  model: model as ModelName,
  prompt: request.prompt,
  n: request.n,
  ...(request.size !== undefined && { size: request.size }),
  ...(request.seed !== undefined && { seed: request.seed }),
  ...(request.negative_prompt !== undefined && { negative_prompt: request.negative_prompt }),
  ...(request.prompt_extend !== undefined && { prompt_extend: request.prompt_extend }),
  ...(request.watermark !== undefined && { watermark: request.watermark }),
  ...(callback && { callback_url: callback.url }),
  ...(metadata && { metadata }),
});
