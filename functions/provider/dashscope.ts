import * as z from 'zod';
import { ProviderBusy, ProviderRefused, SubmitUnknown } from '../task/failures.ts';
import type { Job, Provider } from '../task/provider.ts';
import { refusalOf } from './dashscope-errors.ts';
import { forgotten, Polled, toProgress } from './dashscope-progress.ts';

type Options = {
  /** Only its origin counts: the paths are DashScope's, and the key goes nowhere else. */
  readonly baseUrl: string;
  readonly apiKey: () => Promise<string>;
  readonly fetch?: typeof globalThis.fetch;
  readonly deadlineMs?: number;
};

type Answer = {
  readonly ok: boolean;
  readonly status: number;
  /** A body that is no JSON, or that never came whole, is `undefined`. */
  readonly body: unknown;
  /** DashScope's error code, when the body is an error in its own words. */
  readonly code: string | undefined;
  /** For the log. DashScope's message is left out: it may quote the prompt or a link. */
  readonly line: string;
};

// Only the fields we read: an upstream that adds one must not break us.
const Created = z.object({ output: z.object({ task_id: z.string().min(1) }) });

// Both end up in our log, so they must look like what they are.
const Refused = z.object({
  code: z.string().regex(/^[a-z][\w.]{0,63}$/i),
  request_id: z
    .string()
    .regex(/^[\w-]{1,64}$/)
    .optional()
    .catch(undefined),
});

// How fetch reports that no connection came about. All else may have happened after the request left.
const atConnect = z.object({ syscall: z.enum(['connect', 'getaddrinfo']) });
const NeverSent = z.object({
  cause: z.union([
    atConnect,
    z.object({ errors: z.array(atConnect).min(1) }),
    z.object({ code: z.literal('UND_ERR_CONNECT_TIMEOUT') }),
  ]),
});

/** Alibaba's Model Studio, which bills every image it makes and knows no idempotency key. */
export function dashscope({
  baseUrl,
  apiKey,
  fetch = globalThis.fetch,
  deadlineMs = 10_000,
}: Options): Provider {
  const { origin } = new URL(baseUrl);

  const call = async (path: string, init: RequestInit, whenSilent: (cause: unknown) => Error) => {
    const authorization = await authorizationOf(apiKey);
    const response = await fetch(new URL(path, origin), {
      ...init,
      // A function that was frozen wakes with dead sockets: a POST on one could not be told from a lost one.
      headers: { ...init.headers, Authorization: authorization, Connection: 'close' },
      redirect: 'error',
      signal: AbortSignal.timeout(deadlineMs),
    }).catch((cause: unknown) => {
      throw whenSilent(cause);
    });
    return read(response);
  };

  return {
    async submit(job) {
      const answer = await call(
        '/api/v1/services/aigc/image2image/image-synthesis',
        {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'X-DashScope-Async': 'enable' },
          body: JSON.stringify(toBody(job)),
        },
        (cause) =>
          NeverSent.safeParse(cause).success
            ? new ProviderBusy('submit could not connect', { cause })
            : new SubmitUnknown('submit was not answered', { cause }),
      );
      if (!answer.ok) throw toRefusal(answer);
      const created = Created.safeParse(answer.body);
      if (!created.success) throw new SubmitUnknown(`submit ${answer.line}, but no task id`);
      return created.data.output.task_id;
    },

    async poll(ticket) {
      const path = `/api/v1/tasks/${encodeURIComponent(ticket)}`;
      const answer = await call(path, { method: 'GET' }, silent).catch(laterPerhaps);
      if (answer.status === 404 || answer.status === 410) return forgotten;
      const polled = Polled.safeParse(answer.body);
      // Also a refused key: the job goes on without us, and the key may come back before its deadline.
      if (!answer.ok || !polled.success) throw new ProviderBusy(`poll ${answer.line}`);
      return toProgress(polled.data);
    },

    // Only a job that has not begun can be called back; any other answer is no.
    async cancel(ticket) {
      const path = `/api/v1/tasks/${encodeURIComponent(ticket)}/cancel`;
      const { ok } = await call(path, { method: 'POST' }, silent).catch(notCalledBack);
      return ok;
    },
  };
}

const silent = (cause: unknown) => new ProviderBusy('the question was not answered', { cause });

// Whether it was called back changes nothing for the caller, so nothing waits for it.
const notCalledBack = () => ({ ok: false });

// The job goes on without us: a poll is never refused for good.
function laterPerhaps(error: unknown): never {
  if (!(error instanceof ProviderRefused)) throw error;
  throw new ProviderBusy('there is no API key to poll with', { cause: error });
}

async function authorizationOf(apiKey: Options['apiKey']): Promise<string> {
  const key = await apiKey().catch((cause: unknown) => {
    if (cause instanceof ProviderRefused) throw cause; // there is none, which is an answer
    throw new ProviderBusy('the API key could not be read', { cause });
  });
  // fetch would quote the header it cannot send, and the key with it.
  if (!/^[\x21-\x7e]+$/.test(key.trim())) throw new ProviderBusy('the API key cannot be sent');
  return `Bearer ${key.trim()}`;
}

async function read(response: Response): Promise<Answer> {
  const { ok, status } = response;
  const body: unknown = await response.json().catch(() => undefined);
  const { code, request_id } = Refused.safeParse(body).data ?? {};
  const request = request_id ? `, request ${request_id}` : '';
  return {
    ok,
    status,
    body,
    code,
    line: `was answered ${status} ${code ?? 'without a code'}${request}`,
  };
}

// Fields that were not asked for stay undefined, which JSON leaves out.
const toBody = ({ prompt, images, n, options }: Job) => ({
  model: 'wan2.5-i2i-preview',
  input: { prompt, images, negative_prompt: options.negativePrompt },
  parameters: {
    n, // always: its default is 4, and each one is paid for
    size: options.size?.replace('x', '*'),
    seed: options.seed,
    prompt_extend: options.promptExtend,
    watermark: options.watermark,
  },
});

function toRefusal({ status, code, line }: Answer): Error {
  const { verdict, failure } = refusalOf(status, code);
  if (verdict === 'busy') return new ProviderBusy(`submit ${line}`);
  if (verdict === 'unclear') return new SubmitUnknown(`submit ${line}`);
  const operatorMustAct = verdict === 'operator';
  return new ProviderRefused(failure, { operatorMustAct, cause: new Error(`submit ${line}`) });
}
