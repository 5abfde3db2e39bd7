import { LedgerBusy } from '../../functions/domain/billing/ledger.ts';

/** Repeats an operation while the ledger is busy, as the workflow and a caller that obeys Retry-After do. */
export async function retryWhileBusy<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (!(error instanceof LedgerBusy)) throw error;
    return retryWhileBusy(operation);
  }
}
