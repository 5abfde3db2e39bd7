import { testAccountOf, testLimits } from './mode.ts';

// The canary is a caller inside of the stack: every quarter of an hour it makes one task of test mode.

/** The account of its key. No other account can have this name. */
export const canaryAccount = 'canary';

/** How often it runs, in minutes. */
export const canaryMinutes = 15;

/**
 * How long its task may take from the create to the end, in milliseconds. Usually that is some seconds. The sandbox does one
 * job at a time, and the jobs of another account come first at most twice, with two minutes each.
 */
export const canaryDeadlineMs = 270_000;

/**
 * Its play credits for a day, in milli-credits: enough for 96 runs at the highest price that a setting allows for an image,
 * 1,000,000 credits, and for some runs that are delivered twice.
 */
const milliCreditsPerDay = 100 * 1_000_000 * 1000;

/** What the balance of the test side of an account is filled up to on the first create of a day, in milli-credits. */
export const playCreditsOf = (account: string): number =>
  account === testAccountOf(canaryAccount) ? milliCreditsPerDay : testLimits.milliCreditsPerDay;
