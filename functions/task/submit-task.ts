import { ProviderBusy, ProviderRefused, SubmitUnknown, TaskRefused } from './failures.ts';
import type { Clock, Inputs, Tasks } from './ports.ts';
import type { Provider } from './provider.ts';
import { cancelled, type Failure, isEnded, type Running } from './task.ts';
import { type Waits, waitsFor } from './waits.ts';

type Needs = {
  readonly tasks: Tasks;
  readonly inputs: Pick<Inputs, 'link'>;
  readonly provider: Pick<Provider, 'submit'>;
  readonly providerName: string;
  readonly now: Clock;
  readonly usualSeconds: (model: string) => number;
  /** Somebody has to know: it cannot be told whether the provider took the job. */
  readonly outcomeUnknown: (taskId: string) => void;
  /** Somebody has to act: the provider refuses the operator, not the caller. */
  readonly operatorMustAct: (taskId: string, cause: ProviderRefused) => void;
};

const unknown: Failure = {
  code: 'service_error',
  message: 'The provider did not say whether it took the job. Nothing was charged; send it again.',
};

const late: Failure = {
  code: 'generation_timeout',
  message: 'It took too long to get to the provider. Nothing was charged; send the task again.',
};

/**
 * Hands the job to the provider, once: the mark is written before the question, so that a crash in
 * between is seen, and no provider is ever paid twice silently.
 * @throws {TaskRefused} when the job was refused; the failure is written on the task
 * @throws {ProviderBusy} when it may be tried again
 */
export const submitTask =
  (needs: Needs) =>
  async (taskId: string): Promise<Waits> => {
    const { tasks, now, providerName, usualSeconds } = needs;
    const { marked, task } = await tasks.submitting(taskId, providerName, now());
    if (isEnded(task) || task.outcome) throw new TaskRefused('the task has its outcome already');
    if (task.status === 'pending') {
      if (!marked) await refuseWithoutMark(needs, task);
      await submit(needs, task);
    }
    const since = 'submittedAt' in task ? now() - task.submittedAt : 0;
    return waitsFor(usualSeconds(task.model), since / 1000);
  };

async function submit(needs: Needs, task: Running): Promise<void> {
  const { tasks, provider, now } = needs;
  const { id: taskId, prompt, n, options } = task;
  const images = await linksTo(needs, task);
  try {
    const ticket = await provider.submit({ taskId, prompt, images, n, options });
    await tasks.submitted(taskId, ticket, now());
  } catch (error) {
    await whyNot(needs, taskId, error);
    throw error;
  }
}

// Nobody was asked yet: should there be no links, the mark goes, so that asking is allowed.
const linksTo = ({ tasks, inputs }: Needs, { id, inputs: pictures }: Running) =>
  Promise.all(pictures.map((_, index) => inputs.link(id, index))).catch(async (error: unknown) => {
    await tasks.notSubmitted(id);
    throw error;
  });

async function whyNot(needs: Needs, taskId: string, error: unknown): Promise<void> {
  if (error instanceof ProviderBusy) await needs.tasks.notSubmitted(taskId);
  if (error instanceof SubmitUnknown) await refuseUnknown(needs, taskId);
  if (error instanceof ProviderRefused) {
    if (error.operatorMustAct) needs.operatorMustAct(taskId, error);
    await refuse(needs, taskId, error.failure);
  }
}

// The mark is not set for a task that is cancelled or too late; a mark that is there is another try's.
async function refuseWithoutMark(needs: Needs, task: Running): Promise<never> {
  const { id, submittingAt, cancelledAt } = task;
  if (submittingAt !== undefined) return refuseUnknown(needs, id);
  return refuse(needs, id, cancelledAt === undefined ? late : cancelled);
}

async function refuseUnknown(needs: Needs, taskId: string): Promise<never> {
  needs.outcomeUnknown(taskId);
  return refuse(needs, taskId, unknown);
}

async function refuse({ tasks }: Needs, taskId: string, failure: Failure): Promise<never> {
  await tasks.outcome(taskId, { state: 'failed', failure });
  throw new TaskRefused(failure.code);
}
