import { dashscope } from '../../../functions/provider/dashscope.ts';

export const key = 'sk-very-secret';
export const baseUrl = 'https://dashscope.example.com';

type Played = { readonly status?: number; readonly body?: unknown } | Error;

/** The adapter in front of an upstream that plays one answer and keeps what it was asked. */
export function upstream(played: Played) {
  const asked: { url: string; init: RequestInit }[] = [];
  const fetch = (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    asked.push({ url: input instanceof Request ? input.url : `${input}`, init });
    if (played instanceof Error) return Promise.reject(played);
    const { status = 200, body } = played;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return Promise.resolve(new Response(text, { status }));
  };
  return { asked, provider: dashscope({ baseUrl, apiKey: async () => key, fetch }) };
}

/** What a promise was rejected with. */
export const thrownBy = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error('nothing was thrown')),
    (thrown: unknown) => thrown,
  );
