/**
 * After how many conflicts with another transaction, and after how many failed conditions, the earlier ledger gave up. A
 * failed condition means that another writer has succeeded, so it was worth more attempts.
 */
export const maxConflicts = { transactionConflict: 5, conditionFailed: 15 } as const;

/** How long the ledger waited after so many conflicts of both kinds: full jitter. */
export const backoffMs = (conflicts: number, random = Math.random): number =>
  random() * Math.min(1000, 20 * 2 ** conflicts);
