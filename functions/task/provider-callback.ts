import type { Clock, Tasks, Workflow } from './ports.ts';
import { type ProviderCallback, type ProviderName, providerNames } from './provider.ts';
import { isSigned, type SigningKeys, signatureOf } from './signature.ts';

type Needs = {
  readonly tasks: Pick<Tasks, 'providerCalled'>;
  readonly workflow: Pick<Workflow, 'wake'>;
  readonly keys: SigningKeys;
  /** Whether a provider's own signature is genuine; nothing when the callback bears none. */
  readonly signatures: Readonly<Partial<Record<ProviderName, SignatureCheck>>>;
  readonly now: Clock;
};

type SignatureCheck = (callback: ProviderCallback, now: number) => Promise<boolean | undefined>;
type Asked = { readonly provider: string; readonly taskId: string; readonly secret: string };

/** Where a provider may say that a task's job is done: an address that nobody can guess. */
export const providerCallbackUrl = (
  baseUrl: string,
  key: string,
  provider: ProviderName,
  taskId: string,
): string =>
  `${baseUrl}/v1/providers/${provider}/callbacks/${taskId}/${signatureOf(key, partsOf(provider, taskId))}`;

/**
 * A provider says that a job is done. That is a hint and no result: the fact is written, and who waits
 * is woken and asks. Whatever does not fit changes nothing, and nobody is told what it was.
 */
export const providerCallback =
  ({ tasks, workflow, keys, signatures, now }: Needs) =>
  async ({ provider, taskId, secret }: Asked, callback: ProviderCallback): Promise<void> => {
    const name = providerNames.find((known) => known === provider);
    if (!name || !/^[\w-]{43}$/.test(secret)) return;
    if (!(await isSigned(secret, keys, partsOf(name, taskId)))) return;
    if ((await signatures[name]?.(callback, now())) === false) return;
    const task = await tasks.providerCalled(taskId, name, now());
    // Between two waits there is nobody to wake, and the next one sees the fact.
    if (task?.wakeToken) await workflow.wake(task.wakeToken);
  };

const partsOf = (provider: ProviderName, taskId: string) => ['provider', provider, taskId];
