import { TaskRefused } from './failures.ts';
import { handOver } from './hand-over.ts';
import { askAgain } from './hand-over-once.ts';
import type { Submission } from './submission.ts';
import { isEnded, type Pending, type Processing } from './task.ts';
import { type Waits, waitsFor } from './waits.ts';

/**
 * Hands the job to the first provider that takes it, once: the mark is written before the question, so
 * that a crash in between is seen, and no provider is ever paid twice silently.
 * @throws {TaskRefused} when the job was refused; the failure is written on the task
 * @throws {ProviderBusy} when it may be tried again
 */
export const submitTask =
  (needs: Submission) =>
  async (taskId: string): Promise<Waits> => {
    const task = await needs.tasks.find(taskId);
    if (!task) throw new Error(`${taskId} is not there`);
    if (isEnded(task) || task.outcome) throw new TaskRefused('the task has its outcome already');
    const taken = task.status === 'processing' ? task : await submit(needs, task);
    return waits(needs, taken);
  };

// A mark that is there is that of a try before: whether the provider took the job is not known.
const submit = (needs: Submission, task: Pending): Promise<Processing> =>
  task.submittingAt === undefined ? handOver(needs, task) : askAgain(needs, task);

async function waits({ providers, usualSeconds, now }: Submission, task: Processing) {
  const { model, provider = 'dashscope', expectedSeconds, submittedAt } = task;
  return waitsFor({
    usualSeconds: expectedSeconds ?? (await usualSeconds(model, provider)),
    elapsedSeconds: (now() - submittedAt) / 1000,
    callsBack: providers[provider].callsBack,
  });
}
