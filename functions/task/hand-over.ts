import { ProviderBusy, ProviderRefused } from './failures.ts';
import { handOverOnce, refuse } from './hand-over-once.ts';
import type { Submission } from './submission.ts';
import type { Failure, Pending, Processing } from './task.ts';

/** So often a provider may be busy before the next one is asked: waiting a little is the cheaper way. */
const patience = 2;

const nobody: Failure = {
  code: 'service_unavailable',
  message: 'This model is not available here: no provider that paints it has an API key yet.',
};

/**
 * Asks one provider after the other. The next one is asked only after a sure no that says nothing about
 * the job: busy for long, the operator's key or bill refused, the model gone.
 */
export async function handOver(needs: Submission, task: Pending): Promise<Processing> {
  const names = await needs.offered(task.model);
  const declined: (ProviderBusy | ProviderRefused)[] = [];
  for (const name of names) {
    const taken = await handOverOnce(needs, task, name);
    if (!(taken instanceof Error)) return taken;
    declined.push(taken);
    if (taken instanceof ProviderBusy && (task.refusals ?? 0) < patience) break;
    if (name !== names.at(-1)) needs.passedOver(task.id, name, taken);
  }
  return notTaken(needs, task.id, declined);
}

async function notTaken(
  needs: Submission,
  taskId: string,
  declined: readonly (ProviderBusy | ProviderRefused)[],
): Promise<never> {
  const busy = declined.find((error) => error instanceof ProviderBusy);
  if (busy) throw busy;
  const refused = declined.findLast((error) => error instanceof ProviderRefused);
  if (refused) return refuse(needs, taskId, refused.failure);
  needs.operatorMustAct(taskId, new ProviderRefused(nobody, { operatorMustAct: true }));
  return refuse(needs, taskId, nobody);
}
