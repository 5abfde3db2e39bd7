import * as z from 'zod';
import { type CursorKey, maxPageSize } from '../model/ids.ts';

const rule = 'cursor must be the next_cursor of an earlier response';

/**
 * The `cursor` of a list's query, decoded to the position it stands for. It is not signed: it holds nothing
 * that its caller does not know, and leads only into a list that the caller may read anyway.
 */
export const cursorSchema = <T>(position: z.ZodType<T>) =>
  z
    .string(rule)
    .max(300, rule)
    .transform((text, context) => {
      const read = position.safeParse(decode(text));
      if (read.success) return read.data;
      context.addIssue({ code: 'custom', message: rule });
      return z.NEVER;
    })
    .optional();

/** A position in a list as the `next_cursor` of a response, which the caller sends back as `cursor`. */
export const encodeCursor = (
  position: string | number | readonly (string | number | null)[],
): string => Buffer.from(JSON.stringify(position)).toString('base64url');

/** The schema of a position in a list that is ordered by time. */
export const cursorKeySchema = (isId: (text: string) => boolean) =>
  z
    .tuple([z.number().int().min(0), z.string().refine(isId)])
    .transform(([createdAt, id]): CursorKey => ({ createdAt, id }));

export const formatCursorKey = ({ createdAt, id }: CursorKey): string =>
  encodeCursor([createdAt, id]);

function decode(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}

/** How many items a page may have at most, by the name of its parameter in a list's query. */
export const pageSizeSchema = (name: string) => {
  const rule = `${name} must be a whole number from 1 to ${maxPageSize}`;
  return z
    .string(rule)
    .regex(/^\d{1,3}$/, rule)
    .transform(Number)
    .refine((size) => size >= 1 && size <= maxPageSize, rule);
};

/** The `limit` of a list's query. */
export const limitSchema = pageSizeSchema('limit').default(20);

/** The response for one page of a list. */
export const pageResponse = <T>(data: readonly T[], next_cursor: string | undefined) => ({
  object: 'list' as const,
  data: [...data],
  next_cursor: next_cursor ?? null,
});

/** A time in a query, in unix seconds. `rule` is the message for anything else. */
export const unixSecondsSchema = (rule: string) =>
  z
    .string(rule)
    .regex(/^\d{1,11}$/, rule)
    .transform(Number)
    .optional();
