/**
 * After how many conflicts with another transaction, and after how many failed conditions, the ledger of before gave
 * up. A failed condition means that another writer has succeeded, so it was worth more attempts.
 */
export const maxConflicts = { transactionConflict: 5, conditionFailed: 15 } as const;

/** How long it waited after so many of both: full jitter. */
export const backoffMs = (conflicts: number, random = Math.random): number =>
  random() * Math.min(1000, 20 * 2 ** conflicts);
