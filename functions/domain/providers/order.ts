import {
  type LiveProviderName,
  type ProviderName,
  providersFor,
  sandbox,
} from '../model/catalogue.ts';
import { isTest } from '../model/mode.ts';
import type { TaskState } from '../model/task.ts';

/** The order of every test task. */
const testOrder: readonly ProviderName[] = [sandbox];

/**
 * The providers that may have a task, in their order. A test task has the sandbox and never a provider of live ones; a live
 * task never has the sandbox: an order of the stage cannot name it.
 */
export const providersOf = (
  task: Pick<TaskState, 'account' | 'model'>,
  order: readonly LiveProviderName[],
): readonly ProviderName[] => (isTest(task) ? testOrder : providersFor(task.model, order));

/** The same, of those that have a key. The sandbox needs none. */
export const availableProvidersOf = async (
  task: Pick<TaskState, 'account' | 'model'>,
  offered: (model: string) => Promise<readonly LiveProviderName[]>,
): Promise<readonly ProviderName[]> => (isTest(task) ? testOrder : offered(task.model));
