import { InputRefused, TaskRefused } from './failures.ts';
import { findModel } from './models.ts';
import type { Clock, Inputs, Inspect, Tasks } from './ports.ts';
import { cancelled, type Failure, type Input, type Running, type Task } from './task.ts';

/** How long a task may take once its pictures are there, in milliseconds: a quarter of an hour. */
export const deadlineMs = 15 * 60 * 1000;

/** How often somebody looks whether a task that runs is still alive, in milliseconds: every 5 minutes. */
export const watchMs = 5 * 60 * 1000;

type Needs = {
  readonly tasks: Tasks;
  readonly inputs: Omit<Inputs, 'link'>;
  readonly inspect: Inspect;
  readonly now: Clock;
};

/**
 * Makes a private copy of every input and checks it.
 * @throws {TaskRefused} when a picture is bad; the failure is written on the task
 * @throws {InputUnavailable} when a picture could not be had and trying again may help
 */
export const prepareInputs =
  (needs: Needs) =>
  async (taskId: string): Promise<void> => {
    const { tasks, now } = needs;
    const at = now();
    const task = await tasks.started(taskId, {
      ...{ startedAt: at, deadlineAt: at + deadlineMs, dueAt: at + watchMs },
    });
    if (!task || task.outcome)
      throw new TaskRefused('the task has ended or has its outcome already');
    // Entered again after the provider was asked: the pictures have done their work.
    if (task.submittingAt !== undefined) return;
    const failure =
      task.cancelledAt === undefined ? await firstFailure(needs, task, at) : cancelled;
    if (!failure) return;
    await tasks.outcome(taskId, { state: 'failed', failure });
    throw new TaskRefused(failure.code);
  };

async function firstFailure(needs: Needs, task: Running, at: number): Promise<Failure | undefined> {
  const again = task.startedAt !== at;
  const failures = await Promise.all(
    task.inputs.map((input, index) => failureOf(needs, task, { input, index, again })),
  );
  return failures.find((failure) => failure !== undefined);
}

type Place = { readonly input: Input; readonly index: number; readonly again: boolean };

async function failureOf({ inputs, inspect }: Needs, task: Task, { input, index, again }: Place) {
  const limits = findModel(task.model)?.image;
  if (!limits) throw new Error(`the model ${task.model} is not in the table any more`);
  try {
    if (!again || !(await inputs.has(task.id, index))) await inputs.keep(task, index, input);
    const declared = input.kind === 'upload' ? input.contentType : undefined;
    const failure = await inspect(
      (from, bytes) => inputs.read(task.id, index, from, bytes),
      limits,
      declared,
    );
    return failure && named(input, index, failure);
  } catch (error) {
    if (error instanceof InputRefused) return named(input, index, error.failure);
    throw error;
  }
}

const named = (input: Input, index: number, { code, message }: Failure): Failure => {
  const field = input.kind === 'upload' ? 'image_uploads' : 'image_urls';
  return { code, message: `${field}[${index}] ${message}.` };
};
