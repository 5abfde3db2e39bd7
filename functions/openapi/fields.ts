import * as z from 'zod';

// What many answers have in common.

export const seconds = (what: string) => z.int().min(0).describe(`${what}, in unix seconds`);
export const credits = (what: string) =>
  z.number().min(0).describe(`${what}, in credits with at most three decimals`);

/** The same as `isTaskId` and its like; a test compares them. */
export const patterns = {
  taskId: /^task-unified-\d{1,12}-[a-z0-9]{8}$/,
  fileId: /^file-[a-z0-9]{26}$/,
  keyId: /^key-[0-9a-f]{16}$/,
  account: /^[a-z0-9][a-z0-9-]{0,62}$/,
} as const;

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
