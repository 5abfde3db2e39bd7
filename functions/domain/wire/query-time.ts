import * as z from 'zod';

/** A time in a query, in unix seconds. `rule` is the message for anything else. */
export const unixSecondsSchema = (rule: string) =>
  z
    .string(rule)
    .regex(/^\d{1,11}$/, rule)
    .transform(Number)
    .optional();
