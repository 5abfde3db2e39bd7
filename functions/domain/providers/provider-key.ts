import { type LiveProviderName, type Model, providersFor } from '../model/catalogue.ts';
import { failures } from '../model/failures.ts';
import { ProviderRejected } from '../model/workflow-errors.ts';

/**
 * The API key of a provider.
 * @throws {ProviderRejected} when the operator has stored none, and must act
 */
export const requireProviderKey =
  (provider: LiveProviderName, read: () => Promise<string | undefined>) =>
  async (): Promise<string> => {
    const key = await read();
    if (key) return key;
    throw new ProviderRejected(failures.noProviderKey, {
      operatorMustAct: true,
      cause: new Error(`the secret has no key for ${provider}`),
    });
  };

/**
 * The providers to which the jobs of a model can be submitted: those that offer it and have an API key, in
 * the order of the configuration.
 */
export const offeredProviders =
  (
    order: readonly LiveProviderName[],
    withKey: () => Promise<ReadonlySet<string>>,
    catalogue?: readonly Model[],
  ) =>
  async (model: string): Promise<readonly LiveProviderName[]> => {
    const names = await withKey();
    return providersFor(model, order, catalogue).filter((name) => names.has(name));
  };
