import * as z from 'zod';
import type { AnyRoute, BodyInputOf, ParamsOf, QueryOf } from '../../functions/runtime/route.ts';
import { CliError } from '../program/cli-error.ts';
import { lenient } from './lenient.ts';
import type { Send } from './send.ts';

/** How to reach the API, and with which key. */
export type Access = { readonly url: string; readonly key: string; readonly send: Send };

/** The request that a route declares, and how it is sent. */
type CallRequest<R extends AnyRoute> = {
  /** For a route that takes one. The request can then be repeated: it takes effect once. */
  readonly idempotencyKey?: string;
  /** `false`: the call must not take effect twice, so it is not repeated when its response is lost. */
  readonly isRepeatable?: boolean;
} & ([keyof ParamsOf<R>] extends [never]
  ? { readonly params?: undefined }
  : { readonly params: ParamsOf<R> }) &
  ([BodyInputOf<R>] extends [undefined]
    ? { readonly body?: undefined }
    : { readonly body: BodyInputOf<R> }) &
  ([QueryOf<R>] extends [undefined]
    ? { readonly query?: undefined }
    : {
        /** Parameters without a value are left out. */
        readonly query?: {
          readonly [Name in keyof QueryOf<R>]?: string | number | undefined;
        };
      });

/** Calls a declared route, given as the exports of its `route.ts`, and parses the response. */
export type ApiCall = <R extends AnyRoute, Response extends z.ZodType>(
  declared: { readonly route: R; readonly response: Response },
  request: CallRequest<R>,
) => Promise<z.output<Response>>;

export function apiCaller({ url, key, send }: Access): ApiCall {
  const base = url.replace(/\/+$/, '');
  return ({ route, response: schema }, request) => {
    const { params, query, body, idempotencyKey, isRepeatable = true } = request;
    return send(
      `${base}${pathOf(route, params)}${queryStringOf(query)}`,
      {
        method: route.method,
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(route.idempotent && idempotencyKey && { 'idempotency-key': idempotencyKey }),
          authorization: `Bearer ${key}`,
        },
        isRepeatable,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      },
      (response) => parseResponse(lenient(schema), response),
    );
  };
}

const pathOf = ({ path }: AnyRoute, params: Readonly<Record<string, string>> = {}): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));

function queryStringOf(query: Readonly<Record<string, string | number | undefined>> = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size > 0 ? `?${parameters}` : '';
}

const ErrorBody = z.object({
  error: z.object({
    message: z.string(),
    code: z.string().optional().catch(undefined),
    param: z.string().optional().catch(undefined),
  }),
});

async function parseResponse<T>(schema: z.ZodType<T>, response: Response): Promise<T> {
  const { ok, status, url } = response;
  const body = parseJson(await response.text());
  if (!ok) {
    const error = ErrorBody.safeParse(body).data?.error;
    const message = error?.message ?? `${url} answered ${status}`;
    throw new CliError(message, {
      apiError: {
        status,
        code: error?.code,
        param: error?.param,
        requestId: response.headers.get('x-request-id') ?? undefined,
      },
    });
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new CliError(`${url} does not answer like this API: is the address right?`);
}

/** `undefined` for a text that is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
