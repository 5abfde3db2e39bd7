import type * as z from 'zod';
import { checked } from '../../../../functions/runtime/http.ts';
import { Problem } from '../../../../functions/task/problem.ts';

/** What a caller hears about a body or a query, as the routes say it: the message and the field. */
export function refusal(schema: z.ZodType, sent: unknown) {
  try {
    checked(schema, sent);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown;
    const { code, message, param } = thrown;
    return { code, message, param };
  }
}

/** A refusal of one field. */
export const invalid = (message: string, param?: string) => ({
  ...{ code: 'invalid_request', message, param },
});
