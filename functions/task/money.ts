/** The wire speaks of credits, the ledger counts whole milli-credits. */
export const toCredits = (milliCredits: number): number => milliCredits / 1000;

/** @throws {RangeError} when the amount is not a whole number of milli-credits */
export function toMilliCredits(credits: number): number {
  const milli = Math.round(credits * 1000);
  if (Math.abs(milli - credits * 1000) > 1e-6 || !Number.isSafeInteger(milli)) {
    throw new RangeError(`${credits} credits is not a whole number of milli-credits`);
  }
  return milli;
}
