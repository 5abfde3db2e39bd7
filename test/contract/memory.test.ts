import { describe } from 'vitest';
import { memoryStore } from '../support/fakes.ts';
import { storeContract } from './store-contract.ts';
import type { Store } from './stores.ts';

// What the unit tests stand on: where a fake drifts from the tables, it is caught here.
describe('the fakes', () => {
  storeContract(make);
});

async function make(): Promise<Store> {
  const { funds, ...store } = memoryStore();
  return { ...store, funds: async (account) => funds(account) };
}
