import * as z from 'zod';
import type { AnyRoute, BodyInputOf, ParamsOf, QueryOf } from '../../functions/runtime/route.ts';
import { CliError } from '../program/cli-error.ts';
import { lenient } from './lenient.ts';
import type { Send } from './send.ts';

/** How to reach the API, and with which key. */
export type Access = { readonly url: string; readonly key: string; readonly send: Send };

/** The request that a route declares, and how it is sent. */
type CallRequest<R extends AnyRoute> = {
  /** For a route that takes such a key: the request may then be repeated, and takes effect once. */
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

export const apiCaller = (access: Access): ApiCall => {
  const call = headersCaller(access);
  return async (declared, request) => (await call(declared, request)).body;
};

/** Like `ApiCall`, and returns the headers of the response as well. */
type HeadersCall = <R extends AnyRoute, Response extends z.ZodType>(
  declared: { readonly route: R; readonly response: Response },
  request: CallRequest<R>,
) => Promise<{ readonly body: z.output<Response>; readonly headers: Headers }>;

export const headersCaller =
  (access: Access): HeadersCall =>
  ({ route, response: schema }, request) => {
    const { params, query, body, idempotencyKey, isRepeatable = true } = request;
    const headers = {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(route.idempotent && idempotencyKey && { 'idempotency-key': idempotencyKey }),
      ...authorizationOf(access),
    };
    return access.send(
      urlOf(access, route, { params, query }),
      {
        method: route.method,
        headers,
        isRepeatable,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      },
      async (response) => ({
        body: await parseResponse(lenient(schema), response),
        headers: response.headers,
      }),
    );
  };

type FormRequest = { readonly form: FormData; readonly deadlineMs: number };

/** Calls a declared route that takes a form. A repeated call could store the file twice, so it is not repeated. */
export const formCaller =
  (access: Access) =>
  <Response extends z.ZodType>(
    { route, response: schema }: { readonly route: AnyRoute; readonly response: Response },
    { form, deadlineMs }: FormRequest,
  ): Promise<z.output<Response>> =>
    access.send(
      urlOf(access, route, {}),
      {
        method: route.method,
        headers: authorizationOf(access),
        body: form,
        deadlineMs,
        isRepeatable: false,
      },
      (response) => parseResponse(lenient(schema), response),
    );

/** Calls a declared route for its CSV, and returns the text unchanged, with the cursor of the next page. */
export const csvCaller =
  (access: Access) =>
  (
    route: AnyRoute,
    query: Query,
  ): Promise<{ readonly csv: string; readonly next: string | null }> =>
    access.send(
      urlOf(access, route, { query: Object.assign({ format: 'csv' }, query) }),
      { method: route.method, headers: authorizationOf(access) },
      async (response) => {
        const csv = await response.text();
        if (!response.ok) throw apiErrorOf(response, csv);
        return { csv, next: response.headers.get('next-cursor') };
      },
    );

type Query = Readonly<Record<string, string | number | undefined>>;
type UrlParts = {
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly query?: Query | undefined;
};

const urlOf = ({ url }: Access, route: AnyRoute, { params, query }: UrlParts): string =>
  `${url.replace(/\/+$/, '')}${pathOf(route, params)}${queryStringOf(query)}`;

const authorizationOf = ({ key }: Access) => ({ authorization: `Bearer ${key}` });

const pathOf = ({ path }: AnyRoute, params: Readonly<Record<string, string>> = {}): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));

function queryStringOf(query: Query = {}): string {
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
/** The envelope of the Files API, whose codes are numbers. */
const FilesErrorBody = z
  .object({ code: z.number(), msg: z.string() })
  .transform(({ code, msg }) => ({ error: { message: msg, code: `${code}`, param: undefined } }));

async function parseResponse<T>(schema: z.ZodType<T>, response: Response): Promise<T> {
  const text = await response.text();
  if (!response.ok) throw apiErrorOf(response, text);
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new CliError(`${response.url} does not answer like this API: is the address right?`);
}

function apiErrorOf({ status, url, headers }: Response, text: string): CliError {
  const error = z.union([ErrorBody, FilesErrorBody]).safeParse(parseJson(text)).data?.error;
  return new CliError(error?.message ?? `${url} answered ${status}`, {
    apiError: {
      status,
      code: error?.code,
      param: error?.param,
      requestId: headers.get('x-request-id') ?? undefined,
    },
  });
}

/** `undefined` for a text that is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
