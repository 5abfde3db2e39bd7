import * as z from 'zod';
import { type InvokeResult, isThrottled } from '../lambda/invoke-result.ts';

export type HttpResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body: string | Buffer;
};

const Structured = z.object({
  statusCode: z.coerce.number().int().min(200).max(599),
  headers: z.record(z.string(), z.coerce.string()).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** A response of API Gateway itself. */
export const errorResponse = (status: number, text: string): HttpResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ message: text }),
});

/** The response that API Gateway makes of a function's result, with or without a `statusCode` in it. */
export function toHttpResponse(result: InvokeResult): HttpResponse {
  if (isThrottled(result)) return errorResponse(503, 'Service Unavailable');
  if (!result.ok) return errorResponse(500, 'Internal Server Error');
  const { payload } = result;
  if (!isStructured(payload)) return plain(payload);
  const parsed = Structured.safeParse(payload);
  if (!parsed.success) return errorResponse(500, 'Internal Server Error');
  const { statusCode, headers, cookies, body, isBase64Encoded } = parsed.data;
  return {
    status: statusCode,
    headers: {
      ...(body && { 'content-type': 'text/plain;charset=UTF-8' }),
      ...lowerCased(headers ?? {}),
    },
    cookies: cookies ?? [],
    body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'),
  };
}

const isStructured = (payload: unknown) =>
  typeof payload === 'object' && payload !== null && 'statusCode' in payload;

const plain = (payload: unknown): HttpResponse => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: typeof payload === 'string' ? payload : JSON.stringify(payload),
});

const lowerCased = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
