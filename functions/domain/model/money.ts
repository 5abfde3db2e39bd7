/** The most credits that one request may grant, withdraw or set as a limit. */
export const maxCredits = 1_000_000_000;

/** The API shows credits; the ledger counts whole milli-credits. */
export const toCredits = (milliCredits: number): number => milliCredits / 1000;

// The rounding error that is allowed for sums of decimals. It is relative, so that no small amount counts as 0.
const drift = 1e-13;

/** Whether an amount of credits is a whole number of milli-credits. */
export function isMilliCredits(credits: number): boolean {
  const exact = credits * 1000;
  const milli = Math.round(exact);
  return Math.abs(milli - exact) <= Math.abs(exact) * drift && Number.isSafeInteger(milli);
}

/** @throws {RangeError} when the amount is not a whole number of milli-credits */
export function toMilliCredits(credits: number): number {
  if (isMilliCredits(credits)) return Math.round(credits * 1000);
  throw new RangeError(`${credits} credits is not a whole number of milli-credits`);
}
