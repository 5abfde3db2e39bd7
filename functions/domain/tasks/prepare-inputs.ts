import type { Inspect } from '../images/inspect.ts';
import { findModel, type Model } from '../model/catalogue.ts';
import type { Clock } from '../model/clock.ts';
import { failures } from '../model/failures.ts';
import type { ImageFormat } from '../model/image-format.ts';
import type { ActiveTask, Failure, Input, WithRequest } from '../model/task.ts';
import { InputRejected, TaskFailed } from '../model/workflow-errors.ts';
import { InputProblem, inputErrorOf } from './input-problems.ts';
import type { InputStore, TaskStore } from './ports.ts';

/** How often the reconciler checks a running task, in milliseconds: every 5 minutes. */
export const checkIntervalMs = 5 * 60 * 1000;

type Deps = {
  readonly tasks: TaskStore;
  readonly inputs: Pick<InputStore, 'fetch' | 'stored'>;
  readonly inspect: Inspect;
  /** The models, if they are not those of the catalogue. */
  readonly catalogue?: readonly Model[];
  readonly now: Clock;
  /**
   * Another attempt would not help: the picture is bad, its address gave a final error, or its upload is missing.
   */
  readonly inputRejected: (taskId: string, cause: InputRejected) => void;
};

/** The format of each input, where it is known. */
export type InputFormats = readonly (ImageFormat | undefined)[];

/**
 * Fetches every input, checks it, and stores a private copy of it. Returns the formats of the inputs.
 * @throws {TaskFailed} when a picture is bad; the failure is written on the task
 * @throws {InputUnavailable} when a picture could not be fetched and a retry may help
 */
export const prepareInputs =
  (deps: Deps) =>
  async (taskId: string): Promise<InputFormats> => {
    const { tasks, inputs } = deps;
    const { task, request, isFirstRun } = await start(deps, taskId);
    // In a repeated run there may be copies already. Only a picture that was checked is stored.
    const stored: StoredFormats = isFirstRun ? new Map() : await inputs.stored(taskId);
    // After the job was submitted the pictures are not needed any more.
    if (task.submitLockedAt !== undefined) {
      return request.inputs.map((_, index) => stored.get(index));
    }
    if (task.cancelledAt !== undefined) return failTask(tasks, taskId, failures.cancelled);
    return prepareAll(deps, { ...task, ...request }, stored);
  };

async function start({ tasks, now }: Deps, taskId: string) {
  const at = now();
  const [task, request] = await Promise.all([
    tasks.recordStarted(taskId, {
      startedAt: at,
      nextCheckAt: at + checkIntervalMs,
    }),
    tasks.findRequest(taskId),
  ]);
  if (!task || task.outcome) throw new TaskFailed('the task has ended or has its outcome already');
  if (!request) throw new Error(`the request of ${taskId} does not exist`);
  return { task, request, isFirstRun: task.startedAt === at };
}

async function failTask(tasks: TaskStore, taskId: string, failure: Failure): Promise<never> {
  await tasks.recordOutcome(taskId, { state: 'failed', failure });
  throw new TaskFailed(failure.code);
}

type StoredFormats = ReadonlyMap<number, ImageFormat>;

/**
 * The formats of all inputs. The first that cannot be used fails the task, whatever happened to the others: no retry
 * would help.
 */
async function prepareAll(
  deps: Deps,
  task: WithRequest<ActiveTask>,
  stored: StoredFormats,
): Promise<readonly ImageFormat[]> {
  // All downloads are awaited: Lambda freezes a function that has returned, even in the middle of a download.
  const results = await Promise.allSettled(
    task.inputs.map((input, index) => stored.get(index) ?? prepare(deps, task, index, input)),
  );
  const errors: readonly unknown[] = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  const rejected = errors.find((error) => error instanceof InputRejected);
  if (rejected) return failTask(deps.tasks, task.id, rejected.failure);
  if (errors.length > 0) throw errors[0];
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

/** @throws {InputRejected} with a failure that says which input it is. @throws {InputUnavailable} */
async function prepare(
  { inputs, inspect, catalogue, inputRejected }: Deps,
  task: ActiveTask,
  index: number,
  input: Input,
): Promise<ImageFormat> {
  const limits = findModel(task.model, catalogue)?.image;
  if (!limits) throw new Error(`the model ${task.model} is not in the catalogue any more`);
  try {
    await using fetched = await inputs.fetch(task, index, input);
    const inspection = inspect(fetched.file, limits);
    if ('failure' in inspection) throw new InputRejected(inspection.failure);
    await fetched.store(inspection.format);
    return inspection.format;
  } catch (thrown) {
    const error = thrown instanceof InputProblem ? inputErrorOf(thrown, index, limits) : thrown;
    if (!(error instanceof InputRejected)) throw error;
    inputRejected(task.id, error);
    throw new InputRejected(failureOfInput(input, index, error.failure), { cause: error });
  }
}

const failureOfInput = (input: Input, index: number, { code, message }: Failure): Failure => {
  const field = input.kind === 'upload' ? 'image_uploads' : 'image_urls';
  return { code, message: `${field}[${index}] ${message}.` };
};
