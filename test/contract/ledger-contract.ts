import { describe } from 'vitest';
import { budgetsContract } from './budgets-contract.ts';
import { creditContract, repeatedCreditContract } from './credit-contract.ts';
import { entriesContract } from './entries-contract.ts';
import { inFlightContract } from './in-flight-contract.ts';
import {
  changedLimitContract,
  dailyLimitContract,
  totalLimitContract,
} from './key-limits-contract.ts';
import { repeatedTaskContract } from './repeated-task-contract.ts';
import { reservationContract } from './reservation-contract.ts';
import { settlingContract } from './settling-contract.ts';
import type { MakeStore } from './stores.ts';
import { usageContract } from './usage-contract.ts';

/** What every ledger guarantees when callers come one after the other. */
export function ledgerContract(make: MakeStore): void {
  describe('opening a task', () => reservationContract(make));
  describe('settling a task', () => settlingContract(make));
  describe('an idempotency key of a task', () => repeatedTaskContract(make));
  describe('the entries of a ledger', () => entriesContract(make));
  describe('the tasks in flight', () => inFlightContract(make));
  describe('the limit of a key', () => totalLimitContract(make));
  describe('a limit of a key that is changed', () => changedLimitContract(make));
  describe('the daily limit of a key', () => dailyLimitContract(make));
  describe('the usage', () => usageContract(make));
  describe('the budget', () => budgetsContract(make));
  describe('credits', () => creditContract(make));
  describe('an idempotency key of credits', () => repeatedCreditContract(make));
}
