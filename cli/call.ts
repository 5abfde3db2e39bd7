import * as z from 'zod';
import { CliError } from './cli-error.ts';
import type { Send } from './send.ts';

type Message = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: object;
  /** Must not be done twice, so a lost answer is not asked for again. */
  readonly once?: boolean;
};

/** Asks the API, and reads its answer. */
export type Call = <T>(schema: z.ZodType<T>, path: string, message?: Message) => Promise<T>;

/** How to reach the API, and as whom. */
export type Access = { readonly url: string; readonly key: string; readonly send: Send };

export function caller({ url, key, send }: Access): Call {
  const base = url.replace(/\/+$/, '');
  return (schema, path, { method = 'GET', body, once = false, ...message } = {}) => {
    const headers = {
      ...(body && { 'content-type': 'application/json' }),
      ...{ ...message.headers, authorization: `Bearer ${key}` },
    };
    return send(
      `${base}${path}`,
      { method, headers, once, ...(body && { body: JSON.stringify(body) }) },
      (response) => read(schema, response),
    );
  };
}

/** A query without what is not wished. */
export function search(query: Readonly<Record<string, string | number | undefined>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return `?${parameters}`;
}

const Refused = z.object({
  error: z.object({ message: z.string(), code: z.string().optional().catch(undefined) }),
});

async function read<T>(schema: z.ZodType<T>, response: Response): Promise<T> {
  const { ok, status, url } = response;
  const body = jsonIn(await response.text());
  if (!ok) {
    const error = Refused.safeParse(body).data?.error;
    const message = error?.message ?? `${url} answered ${status}`;
    throw new CliError(message, { refusal: { status, code: error?.code } });
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new CliError(`${url} does not answer like this API: is the address right?`);
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
