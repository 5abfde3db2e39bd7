import {
  type LiveProviderName,
  type Model,
  type ProviderName,
  providersFor,
  sandbox,
} from '../model/catalogue.ts';
import { failures } from '../model/failures.ts';
import { isTest } from '../model/mode.ts';
import type { TaskState } from '../model/task.ts';
import { ProviderRejected } from '../model/workflow-errors.ts';

// Which providers may have the jobs of a task: those that offer its model, in the order of the stage, and of these the ones
// whose API key the operator has stored.

/** The providers of every test task. */
const testOrder: readonly ProviderName[] = [sandbox];

/**
 * The providers that may have a task, in their order. A test task has only the sandbox. A live task never has it, because
 * the order of a stage cannot name it.
 */
export const providersOf = (
  task: Pick<TaskState, 'account' | 'model'>,
  order: readonly LiveProviderName[],
): readonly ProviderName[] => (isTest(task) ? testOrder : providersFor(task.model, order));

/** The same, but only providers that have a key. The sandbox needs none. */
export const availableProvidersOf = async (
  task: Pick<TaskState, 'account' | 'model'>,
  offered: (model: string) => Promise<readonly LiveProviderName[]>,
): Promise<readonly ProviderName[]> => (isTest(task) ? testOrder : offered(task.model));

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
