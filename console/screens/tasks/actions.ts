import { ApiError } from '../../api/api-error.ts';
import { api, bodyOf } from '../../api/client.ts';
import { patiently } from '../../api/patiently.ts';
import {
  type GenerationRequest,
  isEnded,
  type ModelName,
  refreshTasks,
  type Task,
} from '../../api/queries.ts';
import { mediaTypes } from '../../pictures/inspect.ts';
import { fetchPicture } from '../../pictures/picture.ts';
import { session } from '../../session/session.ts';
import {
  createTask,
  newIdempotencyKey,
  type SentPicture,
  uploadAll,
  withPictures,
} from '../create/send.ts';
import { imageFile, saveZip, type ZipFile } from '../result/save.ts';
import { type Item, makeBulk, messageOf } from './bulk.ts';

/** What is being done with the selected tasks. Beside the screen: it goes on while somebody looks at another one. */
export const bulk = makeBulk();

// For a shared computer: the next who signs in must not see it, and it must not go on with his key. Said here, and not where the
// page begins, since most visits never load this.
session.onSignOut(() => {
  bulk.forget();
  unclear.clear();
});

const pathOf = (id: string) => ({ params: { path: { task_id: id } } });

const readTask = (id: string): Promise<Task> =>
  patiently(() => bodyOf(api.GET('/v1/tasks/{task_id}', pathOf(id))));

const imagesOf = (count: number): string => (count === 1 ? '1 image' : `${count} images`);

/** Saves the images of the tasks as one zip file. An image that cannot be read does not keep the others out of it. */
export async function downloadTasks(items: readonly Item[]): Promise<void> {
  const files: ZipFile[] = [];
  await bulk.run({
    name: 'Download',
    items,
    work: async ({ id }) => {
      const task = await readTask(id);
      const links = task.status === 'completed' ? task.results : [];
      const read = await Promise.allSettled(
        links.map(async (link, index) => {
          files.push(imageFile(id, index + 1, await patiently(() => fetchPicture(link))));
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
    work: async ({ id }) => {
      const task = await patiently(() =>
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
    work: async ({ id }) => {
      try {
        await patiently(() => bodyOf(api.DELETE('/v1/tasks/{task_id}', pathOf(id))));
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

// By the id of the task that is run again: requests whose outcome is not known, or whose pictures were not sent. The very same
// is sent when somebody asks for it once more, so that nothing is made or paid twice.
const unclear = new Map<string, Prepared>();

/** Starts each of the tasks once more, with its own pictures and all that it asked for. */
export async function runTasksAgain(items: readonly Item[]): Promise<void> {
  await bulk.run({
    name: 'Run again',
    items,
    work: async ({ id }, isMine) => {
      const prepared = unclear.get(id) ?? (await prepare(await readTask(id)));
      // Somebody else may be signed in by now, and would pay for it.
      if (!isMine()) throw new Error('It was not started: you have signed out.');
      const created = await createOnce(id, prepared);
      await uploadAll(created.uploads, prepared.pictures);
      unclear.delete(id);
      return { text: 'Started again', newId: created.id };
    },
  });
  await refreshTasks();
}

async function createOnce(id: string, prepared: Prepared) {
  unclear.set(id, prepared);
  try {
    return await patiently(() => createTask(prepared.body, prepared.key));
  } catch (error) {
    if (error instanceof ApiError && !error.isTemporary) unclear.delete(id);
    throw error;
  }
}

async function prepare(task: Task): Promise<Prepared> {
  const pictures = await Promise.all(task.request.inputs.map(pictureOf));
  const body = await patiently(() =>
    withPictures(requestOf(task), pictures, { isUnclear: false, onUpload: () => undefined }),
  );
  return { body, pictures, key: newIdempotencyKey() };
}

type TaskInput = Task['request']['inputs'][number];

/** The copy that was made of an input, or its address when there is none. */
async function pictureOf({ link, ...input }: TaskInput): Promise<SentPicture> {
  if (link === undefined) {
    if (input.type === 'url') return { kind: 'address', address: input.url };
    throw new Error('There is no copy of its pictures any more: open it, and choose them again.');
  }
  const blob = await patiently(() => fetchPicture(link));
  const mediaType = Object.values(mediaTypes).find((type) => type === blob.type);
  if (mediaType === undefined) throw new Error('The copy of its picture has no known type.');
  return { kind: 'file', ready: { blob, mediaType } };
}

/** What a task has asked for, without its pictures. */
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
