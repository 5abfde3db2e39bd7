import { inspect } from 'node:util';
import { expect } from 'vitest';
import { dashscope } from '../../../functions/provider/dashscope.ts';
import type { Access } from '../../../functions/provider/upstream.ts';
import { ProviderRefused } from '../../../functions/task/failures.ts';
import type { Provider } from '../../../functions/task/provider.ts';
import job from '../../fixtures/job.json' with { type: 'json' };

export const key = 'sk-very-secret';
export const baseUrl = 'https://dashscope.example.com';

type Answered = {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
};
export type Played = Answered | Error;

/** A provider in front of an upstream that plays these answers in turn and keeps what it was asked. */
export function playing<T extends Provider>(make: (access: Access) => T, ...answers: Played[]) {
  const asked: { url: string; init: RequestInit }[] = [];
  const fetch = (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    asked.push({ url: input instanceof Request ? input.url : `${input}`, init });
    const played = answers[asked.length - 1];
    if (!played) return Promise.reject(new Error('nothing more was to be asked'));
    if (played instanceof Error) return Promise.reject(played);
    const { status = 200, body, headers = {} } = played;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return Promise.resolve(new Response(text, { status, headers }));
  };
  return { asked, provider: make({ baseUrl, apiKey: async () => key, fetch }) };
}

export const upstream = (played: Played) => playing(dashscope, played);

/** What a promise was rejected with. */
export const thrownBy = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error('nothing was thrown')),
    (thrown: unknown) => thrown,
  );

/** An error in short: its name, `!` when the operator must act, and what the caller reads. */
export function summary(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'no error';
  if (!(thrown instanceof ProviderRefused)) return thrown.name;
  return `${thrown.name}${thrown.operatorMustAct ? '!' : ''} ${thrown.failure.code}`;
}

/** Everything an error would show in a log, without the secrets that must not be there. */
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
