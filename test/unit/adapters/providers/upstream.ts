import { inspect } from 'node:util';
import { expect } from 'vitest';
import { dashscope } from '../../../../functions/adapters/providers/dashscope/adapter.ts';
import type { Access } from '../../../../functions/adapters/providers/upstream.ts';
import type { Provider } from '../../../../functions/domain/model/provider.ts';
import { ProviderRejected } from '../../../../functions/domain/model/workflow-errors.ts';
import job from '../../../fixtures/job.json' with { type: 'json' };

export const key = 'sk-very-secret';
export const baseUrl = 'https://dashscope.example.com';

type ResponseFields = {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
};
export type FakeResponse = ResponseFields | Error;

/** A provider whose upstream gives these responses one after the other, and the requests it received. */
export function providerWith<T extends Provider>(
  create: (access: Access) => T,
  ...responses: FakeResponse[]
) {
  const requests: { url: string; init: RequestInit }[] = [];
  const fetch = (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    requests.push({ url: input instanceof Request ? input.url : `${input}`, init });
    const response = responses[requests.length - 1];
    if (!response) return Promise.reject(new Error('no further request was expected'));
    if (response instanceof Error) return Promise.reject(response);
    const { status = 200, body, headers = {} } = response;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return Promise.resolve(new Response(text, { status, headers }));
  };
  return { requests, provider: create({ baseUrl, apiKey: async () => key, fetch }) };
}

export const dashscopeWith = (response: FakeResponse) => providerWith(dashscope, response);

/** An error in short: its name, `!` when the operator must act, and what the caller reads. */
export function summary(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'no error';
  if (!(thrown instanceof ProviderRejected)) return thrown.name;
  return `${thrown.name}${thrown.operatorMustAct ? '!' : ''} ${thrown.failure.code}`;
}

/** The secrets that an error would show in a log. */
export function leaksOf(thrown: unknown): readonly string[] {
  const shown = inspect(thrown, { depth: 9, showHidden: true });
  return [key, job.prompt, ...job.images, 'callbacks/secret'].filter((secret) =>
    shown.includes(secret),
  );
}

export const failure = (code: string) => ({
  state: 'failed',
  failure: { code, message: expect.stringMatching(/\b(try|send|submit)\b.*\.$/i) },
});
