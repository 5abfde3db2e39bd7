import { ProviderBusy } from './failures.ts';
import type { Clock, Tasks, Workflow } from './ports.ts';
import type { Progress, Provider, ProviderName } from './provider.ts';
import { cancelled, type Outcome, type Processing } from './task.ts';

type Needs = {
  readonly tasks: Tasks;
  readonly workflow: Pick<Workflow, 'finish'>;
  readonly providers: Readonly<Record<ProviderName, Pick<Provider, 'poll' | 'cancel'>>>;
  readonly now: Clock;
  readonly providerBusy: (taskId: string, cause: ProviderBusy) => void;
};

/**
 * Asks the provider once. When the job is finished, or its time is over, the outcome is written and
 * the polling ends; otherwise nothing happens until this wait times out and the question comes again.
 */
export const pollTask =
  (needs: Needs) =>
  async (taskId: string, token: string): Promise<void> => {
    const { tasks, workflow } = needs;
    const task = await tasks.waiting(taskId, token);
    if (task && !task.outcome) {
      if (task.status !== 'processing') throw new Error(`${taskId} is polled without a ticket`);
      const outcome = (await outcomeOf(needs, task)) ?? lateness(needs, task);
      if (!outcome) return;
      await tasks.outcome(taskId, outcome, needs.now());
    }
    await workflow.finish(token);
  };

// What the provider has made by now counts, also when the caller wants it no more.
async function outcomeOf(needs: Needs, task: Processing): Promise<Outcome | undefined> {
  const { id, ticket, cancelledAt } = task;
  const progress = await painterOf(needs, task)
    .poll(ticket)
    .catch((error: unknown) => {
      if (!(error instanceof ProviderBusy)) throw error;
      needs.providerBusy(id, error); // the next poll asks again
      return { state: 'running' } satisfies Progress;
    });
  if (progress.state === 'succeeded' || progress.state === 'failed') return progress;
  if (cancelledAt === undefined) return undefined;
  await callBack(needs, task, progress.state);
  return { state: 'failed', failure: cancelled };
}

// Saves the operator the price where the provider has not begun. The caller pays nothing either way.
async function callBack(needs: Needs, task: Processing, state: Progress['state']) {
  if (state === 'queued') await painterOf(needs, task).cancel?.(task.ticket);
}

const painterOf = ({ providers }: Needs, { provider = 'dashscope' }: Processing) =>
  providers[provider];

function lateness({ now }: Needs, { deadlineAt = 0 }: Processing): Outcome | undefined {
  if (now() < deadlineAt) return undefined;
  const message = 'The provider took too long. Nothing was charged; send the task again.';
  return { state: 'failed', failure: { code: 'generation_timeout', message } };
}
