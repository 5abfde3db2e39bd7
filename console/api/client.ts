import createClient from 'openapi-fetch';
import { session } from '../session/session.ts';
import { ApiError, errorOf, requestIdOf } from './api-error.ts';
import type { paths } from './schema.d.ts';

/** The API of the page's own origin, with the key of the session. Its types are those of the OpenAPI document. */
export const api = createClient<paths>({ baseUrl: location.origin });

api.use({
  onRequest({ request }) {
    const { key } = session.current();
    if (key !== undefined && !request.headers.has('authorization')) {
      request.headers.set('authorization', `Bearer ${key}`);
    }
    return request;
  },
  onResponse({ request, response }) {
    const used = request.headers.get('authorization');
    if (response.status === 401 && used === `Bearer ${session.current().key}`) session.refused();
  },
  onError: ({ error }) => unreachable(error),
});

/** The same API without a key, for the routes that need none. */
export const publicApi = createClient<paths>({ baseUrl: location.origin });
publicApi.use({ onError: ({ error }) => unreachable(error) });

const unreachable = (cause: unknown): ApiError =>
  new ApiError({
    status: 0,
    code: 'unreachable',
    message: navigator.onLine
      ? 'The API cannot be reached.'
      : 'You are offline. Nothing is lost: try again when you are back.',
    cause,
  });

type ApiResponse<Data> = {
  readonly data?: Data;
  readonly error?: unknown;
  readonly response: Response;
};

/** The body of a successful response. @throws {ApiError} otherwise */
export async function bodyOf<Data>(call: Promise<ApiResponse<Data>>): Promise<Data> {
  const { data, error, response } = await call;
  if (!response.ok) throw errorOf(response, error);
  if (data === undefined) throw errorOf(response, undefined);
  return data;
}

/** Like `bodyOf`, and returns the id of the request as well. @throws {ApiError} */
export async function bodyAndRequestOf<Data>(call: Promise<ApiResponse<Data>>) {
  const body = await bodyOf(call);
  return { body, requestId: requestIdOf((await call).response) };
}
