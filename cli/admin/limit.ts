import { wholeNumber } from '../numbers.ts';

/** Reads a limit of an account. */
export const limit = wholeNumber(1, 100_000);

/** The same, where it may also go back to its default. */
export const limitOrDefault = (text: string): number | 'default' =>
  text === 'default' ? text : limit(text);
