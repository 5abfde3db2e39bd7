import * as z from 'zod';
import { CliError } from './cli-error.ts';
import type { Send } from './send.ts';

// Only the fields we read: an API that adds one must not break us.
const UploadForm = z.object({ url: z.url(), fields: z.record(z.string(), z.string()) });
const Created = z.object({
  // It becomes part of a file name.
  id: z.string().regex(/^[\w.-]+$/),
  uploads: z.array(UploadForm).default([]),
});
const Complaint = z.object({ message: z.string() });
const Task = z.discriminatedUnion('status', [
  z.object({ status: z.literal('pending') }),
  z.object({ status: z.literal('processing'), progress: z.number().default(0) }),
  z.object({
    status: z.literal('completed'),
    results: z.array(z.url()),
    result_errors: z.array(Complaint).default([]),
    usage: z.object({ credits_used: z.number().optional() }).default({}),
  }),
  z.object({ status: z.literal('failed'), error: Complaint }),
]);
const Refusal = z.object({ error: Complaint });

export type UploadForm = z.output<typeof UploadForm>;
export type CompletedTask = Extract<z.output<typeof Task>, { status: 'completed' }>;

/** The body of a new task. */
export type Order = {
  readonly model?: string | undefined;
  readonly prompt: string;
  readonly n?: number | undefined;
  readonly image_urls?: readonly string[];
  readonly image_uploads?: readonly { readonly content_type: string }[];
};

type Options = { readonly url: string; readonly key: string; readonly send: Send };
type Message = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** The part of the API that makes pictures. */
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
  };
};

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
