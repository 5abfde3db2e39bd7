import * as z from 'zod';
import { type Answer, ErrorCode, RequestId, type Words } from './upstream.ts';

const word = ErrorCode.optional().catch(undefined);
const Refused = z.object({ error: z.object({ code: word, type: word }) });

/**
 * EvoLink's error code, in lower case: its documents do not agree on the case. An older generation of
 * them has the HTTP status for a code, and says in the type what happened.
 */
export function wordsOf({ body, headers }: Pick<Answer, 'body' | 'headers'>): Words {
  const { code, type } = Refused.safeParse(body).data?.error ?? {};
  const requestId = RequestId.parse(
    headers.get('x-request-id') ?? headers.get('x-oneapi-request-id'),
  );
  return { code: (code ?? type)?.toLowerCase(), requestId: requestId ?? undefined };
}
