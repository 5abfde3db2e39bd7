import * as z from 'zod';

/** A place in a list that is ordered by time: behind this one it goes on. */
export type Place = { readonly id: string; readonly createdAt: number };

const rule = 'cursor must be the next_cursor of an earlier answer';

/**
 * The `cursor` of a list's query, as the place it stands for. It says nothing its caller does not
 * know, and leads nowhere but into a list that is open to him anyway.
 */
export const cursorOf = <T>(place: z.ZodType<T>) =>
  z
    .string(rule)
    .max(300, rule)
    .transform((text, context) => {
      const read = place.safeParse(written(text));
      if (read.success) return read.data;
      context.addIssue({ code: 'custom', message: rule });
      return z.NEVER;
    })
    .optional();

/** The place in an answer, as its reader gives it back. */
export const toCursor = (place: string | number | readonly [number, string]): string =>
  Buffer.from(JSON.stringify(place)).toString('base64url');

/** A place of this kind in a list by time. */
export const placeOf = (isId: (text: string) => boolean) =>
  z
    .tuple([z.number().int().min(0), z.string().refine(isId)])
    .transform(([createdAt, id]): Place => ({ createdAt, id }));

export const placeCursor = ({ createdAt, id }: Place): string => toCursor([createdAt, id]);

function written(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}

const limitRule = 'limit must be a whole number from 1 to 100';

/** The `limit` of a list's query. */
export const limitOf = z
  .string(limitRule)
  .regex(/^\d{1,3}$/, limitRule)
  .transform(Number)
  .refine((limit) => limit >= 1 && limit <= 100, limitRule)
  .default(20);

/** A page of a list, as its caller gets it. */
export const pageView = <T>(data: readonly T[], next_cursor: string | undefined) => ({
  ...{ object: 'list', data, next_cursor: next_cursor ?? null },
});
