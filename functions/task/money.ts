/** The wire speaks of credits, the ledger counts whole milli-credits. */
export const toCredits = (milliCredits: number): number => milliCredits / 1000;

/** Whether an amount of credits is a whole number of milli-credits. */
export function isMilliCredits(credits: number): boolean {
  const milli = Math.round(credits * 1000);
  return Math.abs(milli - credits * 1000) <= 1e-6 && Number.isSafeInteger(milli);
}

/** @throws {RangeError} when the amount is not a whole number of milli-credits */
export function toMilliCredits(credits: number): number {
  if (isMilliCredits(credits)) return Math.round(credits * 1000);
  throw new RangeError(`${credits} credits is not a whole number of milli-credits`);
}
