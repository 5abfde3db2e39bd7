import { LedgerBusy } from '../../functions/domain/billing/ledger.ts';

/** Repeats an operation while the ledger is busy, as the workflow and a caller that obeys Retry-After do. */
export async function retryWhileBusy<T extends object | undefined>(
  operation: () => Promise<T>,
): Promise<T> {
  try {
    const result = await operation();
    if (!isBusy(result)) return result;
  } catch (error) {
    if (!(error instanceof LedgerBusy)) throw error;
  }
  return retryWhileBusy(operation);
}

const isBusy = (result: object | undefined): boolean =>
  result !== undefined && 'state' in result && result.state === 'busy';
