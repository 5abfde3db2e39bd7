import type * as z from 'zod';
import { Problem } from '../../../../functions/domain/model/problem.ts';
import { validate } from '../../../../functions/runtime/http.ts';

/** The error response to a body or a query, as the routes make it: its code, message and field. */
export function problemOf(schema: z.ZodType, sent: unknown) {
  try {
    validate(schema, sent);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown;
    const { code, message, param } = thrown;
    return { code, message, param };
  }
}

/** The error about one field. */
export const invalid = (message: string, param?: string) => ({
  code: 'invalid_request',
  message,
  param,
});
