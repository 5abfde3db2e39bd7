import type * as z from 'zod';
import { Created, Refusal, Task, TaskPage } from './answers.ts';
import { CliError } from './cli-error.ts';
import type { Send } from './send.ts';

/** The body of a new task. */
export type Order = {
  readonly model?: string | undefined;
  readonly prompt: string;
  readonly n?: number | undefined;
  readonly image_urls?: readonly string[];
  readonly image_uploads?: readonly { readonly content_type: string }[];
};

/** Which tasks to list, and from where on. */
export type TaskQuery = {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly status?: string | undefined;
  readonly model?: string | undefined;
  /** Unix seconds. */
  readonly created_after?: number | undefined;
};

type Options = { readonly url: string; readonly key: string; readonly send: Send };
type Message = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** The part of the API that is about tasks. */
export const darkroomApi = ({ url, key, send }: Options) => {
  const base = url.replace(/\/+$/, '');
  const call = <T>(schema: z.ZodType<T>, path: string, message: Message = {}) => {
    const headers = { ...message.headers, authorization: `Bearer ${key}` };
    return send(`${base}${path}`, { ...message, headers }, (response) => read(schema, response));
  };
  return {
    /** The idempotency key makes it safe to ask again when an answer got lost. */
    create: (order: Order, idempotencyKey: string) =>
      call(Created, '/v1/images/generations', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
        body: JSON.stringify(order),
      }),
    task: (id: string) => call(Task, `/v1/tasks/${id}`),
    /** Newest first, a page at a time. */
    tasks: (query: TaskQuery) => call(TaskPage, `/v1/tasks?${search(query)}`),
  };
};

function search(query: TaskQuery): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters;
}

async function read<T>(schema: z.ZodType<T>, response: Response): Promise<T> {
  const { ok, status, url } = response;
  const body = jsonIn(await response.text());
  if (!ok) {
    const refusal = Refusal.safeParse(body);
    throw new CliError(refusal.data?.error.message ?? `${url} answered ${status}`);
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
