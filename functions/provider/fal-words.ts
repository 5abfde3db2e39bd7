import * as z from 'zod';
import { type Answer, ErrorCode, RequestId, type Words } from './upstream.ts';

// A model lists what is wrong with the input; the platform says in one word what happened to it.
const ModelError = z.object({ detail: z.array(z.object({ type: ErrorCode })).min(1) });
const RequestError = z.object({ error_type: ErrorCode });

/** fal's error type, wherever it stands. */
export function wordsOf({ ok, body, headers }: Pick<Answer, 'ok' | 'body' | 'headers'>): Words {
  const requestId = RequestId.parse(headers.get('x-fal-request-id')) ?? undefined;
  if (ok) return { requestId };
  const code =
    ModelError.safeParse(body).data?.detail[0]?.type ??
    RequestError.safeParse(body).data?.error_type ??
    ErrorCode.safeParse(headers.get('x-fal-error-type')).data;
  return { code, requestId };
}
