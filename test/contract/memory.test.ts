import { describe } from 'vitest';
import { memoryStore } from '../support/fakes.ts';
import { keysContract } from './keys-contract.ts';
import type { Store } from './stores.ts';
import { tasksContract } from './tasks-contract.ts';

// What the unit tests stand on: where a fake drifts from the tables, it is caught here.
describe('the fakes', () => {
  tasksContract(make);
  keysContract(make);
});

async function make(): Promise<Store> {
  const { funds, ...store } = memoryStore();
  return { ...store, funds: async (account) => funds(account) };
}
