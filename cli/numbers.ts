import { InvalidArgumentError } from 'commander';

/** Reads a whole number, no smaller and no larger than these. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };

/** Reads an amount of credits. */
export function amount(text: string): number {
  if (/^\d{1,10}(\.\d{1,3})?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number like 100 or 1.2.');
}

/** Reads an amount of credits to give, or to take when it is negative. */
export function signedAmount(text: string): number {
  const number = /^-?\d{1,10}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (number !== 0) return number;
  throw new InvalidArgumentError('It must be a number like 100, 1.2 or -5, and not 0.');
}
