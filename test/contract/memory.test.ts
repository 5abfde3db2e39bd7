import { describe } from 'vitest';
import { memoryStore } from '../support/fakes.ts';
import { storeContract } from './store-contract.ts';
import type { Store } from './stores.ts';

// The unit tests use the in-memory store: if it behaves differently from DynamoDB, these tests fail.
describe('the in-memory store', () => {
  storeContract(make);
});

async function make(): Promise<Store> {
  const { funds, ...store } = memoryStore();
  return { ...store, shards: async (account) => [funds(account)] };
}
