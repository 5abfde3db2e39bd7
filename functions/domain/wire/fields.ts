import * as z from 'zod';
import { patterns } from '../model/ids.ts';

// Fields that many responses have in common.

export const seconds = (what: string) => z.int().min(0).describe(`${what}, in unix seconds`);
export const credits = (what: string) =>
  z.number().min(0).describe(`${what}, in credits with at most three decimals`);

export const taskId = z.string().regex(patterns.taskId);
export const keyId = z.string().regex(patterns.keyId);
export const accountName = z.string().regex(patterns.account);

/** A page of a list. */
export const page = <T extends z.ZodType>(one: T) =>
  z
    .strictObject({
      object: z.literal('list'),
      data: z.array(one),
      next_cursor: z
        .string()
        .nullable()
        .describe('Send it as `cursor` to read on; `null` on the last page'),
    })
    .describe('A page of a list');
