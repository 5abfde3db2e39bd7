import { type ProviderName, providerNames } from '../model/catalogue.ts';
import type { Clock } from '../model/clock.ts';
import { pathTo, providerWebhookPath } from '../model/paths.ts';
import type { ProviderWebhook, WebhookVerifier } from '../model/provider.ts';
import { isSigned, type SigningKeys, signatureOf, signaturePattern } from '../model/signature.ts';
import type { TaskStore, Workflow } from './ports.ts';

type Deps = {
  readonly tasks: Pick<TaskStore, 'recordProviderWebhook'>;
  readonly workflow: Pick<Workflow, 'wake'>;
  readonly keys: SigningKeys;
  /** For the providers that sign their webhooks. */
  readonly verifiers: Readonly<Partial<Record<ProviderName, WebhookVerifier>>>;
  readonly now: Clock;
  /** The webhook is recorded, and the workflow was not woken: its wait ends by its timeout. */
  readonly wakeFailed: (taskId: string, cause: unknown) => void;
};

type WebhookPath = { readonly provider: string; readonly taskId: string; readonly secret: string };

/** Where a provider may report that a job is done: a URL that cannot be guessed. */
export const providerWebhookUrl = (
  baseUrl: string,
  key: string,
  provider: ProviderName,
  taskId: string,
): string => {
  const secret = signatureOf(key, partsOf(provider, taskId));
  return `${baseUrl}${pathTo(providerWebhookPath, { provider, job: taskId, secret })}`;
};

/**
 * A provider reports that a job is done. That is a hint and not a result: it is recorded, and the waiting
 * workflow is woken and polls. A wake-up that fails does not fail the request, which the provider would only
 * repeat. A request that is not genuine changes nothing, and the response does not say so.
 */
export const receiveProviderWebhook =
  ({ tasks, workflow, keys, verifiers, now, wakeFailed }: Deps) =>
  async ({ provider, taskId, secret }: WebhookPath, webhook: ProviderWebhook): Promise<void> => {
    const name = providerNames.find((known) => known === provider);
    if (!name || !signaturePattern.test(secret)) return;
    if (!(await isSigned(secret, keys, partsOf(name, taskId)))) return;
    if ((await verifiers[name]?.(webhook)) === false) return;
    const task = await tasks.recordProviderWebhook(taskId, name, now());
    // Without a token no state waits right now, and the next one to wait reads the fact.
    if (!task?.wakeToken) return;
    await workflow.wake(task.wakeToken).catch((cause: unknown) => wakeFailed(taskId, cause));
  };

const partsOf = (provider: ProviderName, taskId: string) => ['provider', provider, taskId];
