import type * as z from 'zod';
import type { Scope } from '../domain/model/api-key.ts';
import type { ParameterNames } from '../domain/model/paths.ts';
import type { Problem, ProblemCode } from '../domain/model/problem.ts';
import type { ApiFunction } from './env.ts';

/** Any part of the OpenAPI document. */
export type Json = { readonly [key: string]: unknown };

/** What a schema cannot say about a field: what it is for, and rules that are code. Merged over its JSON schema. */
export type FieldDocs = Json & { readonly description: string };

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** Who may call a route. It has no default: a route without it does not compile. */
export type Access =
  /** A caller whose API key has this scope. */
  | { readonly scope: Scope }
  /** Anyone. */
  | 'public'
  /** The holder of a link that this API has signed. The handler checks the signature. */
  | 'signed-link'
  /** The provider that was given this address: the path carries a secret. The handler checks it. */
  | 'provider-secret';

/** A part of the path. The use case validates it, because the problem response depends on the resource. */
export type PathParameter = {
  readonly description: string;
  readonly schema: Json;
  readonly example: unknown;
};

/** Which limit of the API key a request counts against. */
type RouteLimit =
  /** The requests per minute; and the key is read as it is now. */
  | 'creates'
  /** The limit of requests that create nothing: it is many times as high. */
  | 'calls';

/** How many requests the gateway lets through to a route, for all callers together. */
type RouteThrottle = { readonly requestsPerSecond: number; readonly burst: number };

export type RequestBody<Body, Input = unknown> =
  /** Parsed strictly and validated before the handler runs. A body of more than `maxBytes` gets 413. */
  | {
      readonly kind: 'json';
      readonly schema: z.ZodType<Body, Input>;
      readonly maxBytes: number;
      readonly optional?: boolean;
    }
  /**
   * A form with a file (`multipart/form-data`). The handler gets the bytes and reads them. The schema is only
   * documentation.
   */
  | { readonly kind: 'form'; readonly schema: z.ZodType }
  /** The handler gets the body as text, byte for byte. Only the gateway limits its size. */
  | { readonly kind: 'raw' };

/** Far above any sensible JSON request: pictures do not travel through the API. */
export const maxJsonBytes = 256 * 1024;

/** A JSON body, of at most 256 kB by default. `optional`: it may be left out, which the schema has to allow as well. */
export const jsonBody = <Body, Input>(
  schema: z.ZodType<Body, Input>,
  {
    optional = false,
    maxBytes = maxJsonBytes,
  }: { readonly optional?: boolean; readonly maxBytes?: number } = {},
): RequestBody<Body, Input> => ({ kind: 'json', schema, maxBytes, optional });

/** A form with a file, as its bytes. */
export const formBody = (schema: z.ZodType): RequestBody<Buffer> => ({ kind: 'form', schema });

/** A body that the handler gets as text, byte for byte. */
export const rawBody: RequestBody<string, string> = { kind: 'raw' };

/** The error body of a part of the API that does not use the common one. */
export type ProblemEnvelope = {
  /** The name of its schema in the document. */
  readonly name: string;
  readonly toBody: (problem: Problem) => Json;
};

type Declaration<Path extends string, A extends Access, Query, Body, BodyInput> = {
  readonly method: Method;
  /** As API Gateway writes it: `/v1/tasks/{task_id}`. */
  readonly path: Path;
  /** The Lambda function that serves the route. Routes with equal permissions share one. */
  readonly function: ApiFunction;
  readonly access: A;
  readonly rateLimit?: RouteLimit;
  /** A throttle of its own, so that the callers of this route and those of other routes cannot block each other. */
  readonly throttle?: RouteThrottle;
  /** The route accepts an `Idempotency-Key`. */
  readonly idempotent?: true;
  /** `offered`: with `Prefer: wait=N` the route may redirect to the route that waits. `here`: it is the route that waits. */
  readonly wait?: 'offered' | 'here';
  /** Why the route is slow on purpose, if it is: its response times do not mean that the API is slow. */
  readonly slowBecause?: string;
  /** Only with GET: the same function serves HEAD, too. */
  readonly head?: true;
  /** The parameter `format=csv` gets a table (text/csv) in place of JSON. */
  readonly csv?: true;
  readonly query?: z.ZodType<Query>;
  readonly body?: RequestBody<Body, BodyInput>;
  readonly envelope?: ProblemEnvelope;
  /** The codes of its problem responses, beside those that every route with a key or a body has. */
  readonly errors: readonly ProblemCode[];
} & ([ParameterNames<Path>] extends [never]
  ? { readonly params?: never }
  : { readonly params: { readonly [Name in ParameterNames<Path>]: PathParameter } });

declare const responseSchema: unique symbol;

/** A declared route. `Response` is the schema of its response, `undefined` for a redirect. */
type Route<
  Path extends string,
  A extends Access,
  Query,
  Body,
  BodyInput,
  Response extends z.ZodType | undefined,
> = Declaration<Path, A, Query, Body, BodyInput> & {
  readonly [responseSchema]?: Response | undefined;
};

/** Any declared route, for code that reads declarations. */
export type AnyRoute = {
  readonly method: Method;
  readonly path: string;
  readonly function: ApiFunction;
  readonly access: Access;
  readonly rateLimit?: RouteLimit;
  readonly throttle?: RouteThrottle;
  readonly idempotent?: true;
  readonly wait?: 'offered' | 'here';
  readonly slowBecause?: string;
  readonly head?: true;
  readonly csv?: true;
  readonly params?: { readonly [name: string]: PathParameter };
  readonly query?: z.ZodType;
  readonly body?: RequestBody<unknown>;
  readonly envelope?: ProblemEnvelope;
  readonly errors: readonly ProblemCode[];
};

export type ParamsOf<R> = R extends { readonly path: infer Path extends string }
  ? { readonly [Name in ParameterNames<Path>]: string }
  : never;
export type QueryOf<R> = R extends { readonly query?: z.ZodType<infer Query> } ? Query : undefined;
export type BodyOf<R> = R extends { readonly body?: RequestBody<infer Body> } ? Body : undefined;
/** The body as a client sends it: before defaults and conversions. */
export type BodyInputOf<R> = R extends { readonly body?: RequestBody<unknown, infer Input> }
  ? Input
  : undefined;
export type AccessOf<R> = R extends { readonly access: infer A } ? A : never;
export type ResponseOf<R> = R extends { readonly [responseSchema]?: infer Response | undefined }
  ? Exclude<Response, undefined>
  : never;

/**
 * Declares a route: the handler, the gateway's route, the OpenAPI document and the CLI read it from
 * here. The type argument is the schema of the response: a type only, so that no bundle carries it.
 */
export const defineRoute =
  <Response extends z.ZodType | undefined>() =>
  <
    const Path extends string,
    const A extends Access,
    Query = undefined,
    Body = undefined,
    BodyInput = undefined,
  >(
    declaration: Declaration<Path, A, Query, Body, BodyInput>,
  ): Route<Path, A, Query, Body, BodyInput, Response> =>
    // Only the compiler knows the response: at run time the declaration does not have it.
    declaration as Route<Path, A, Query, Body, BodyInput, Response>;

/** The path of the route that takes every request that no other route matches. */
export const defaultPath = '$default';

/** The key under which API Gateway knows a route. */
export const routeKey = ({ method, path }: { readonly method: string; readonly path: string }) =>
  path === defaultPath ? path : `${method} ${path}`;

/** The methods that API Gateway has a route for. */
export const methodsOf = ({ method, head }: Pick<AnyRoute, 'method' | 'head'>) =>
  head ? ([method, 'HEAD'] as const) : ([method] as const);

/** What the OpenAPI document says about a route. A function of the module, so that no bundle carries it. */
export type RouteDocs = {
  readonly id: string;
  readonly tag:
    | 'Tasks'
    | 'Pictures'
    | 'Files'
    | 'Account'
    | 'Service'
    | 'Accounts'
    | 'Keys'
    | 'Operation'
    | 'Providers';
  readonly summary: string;
  readonly description: string;
  /** The fields of the query, by their name; `''` is the query itself. */
  readonly query?: Readonly<Record<string, FieldDocs>>;
  readonly body?: {
    /** The name of its schema. */
    readonly name: string;
    /** Its fields by their path, like `limits.tasks_in_flight`; `''` is the body itself. */
    readonly fields: Readonly<Record<string, FieldDocs>>;
    readonly examples: Readonly<Record<string, unknown>>;
  };
  readonly response:
    | {
        /** The name of its schema. */
        readonly name: string;
        readonly description: string;
        readonly examples: Readonly<Record<string, unknown>>;
        readonly headers?: Json;
        /** An example of the table that `format=csv` gets. */
        readonly csv?: string;
      }
    | {
        /** What a 302 leads to; undefined when the route never redirects. */
        readonly redirect?: string;
        /** The description of a response that is the picture itself. */
        readonly picture: string;
      };
  /** Requests that the API sends later to an address in the body. */
  readonly callbacks?: Json;
};

/** The exports of a `route.ts`. Without `docs` a route is not in the document. */
export type RouteModule = {
  readonly route: AnyRoute;
  readonly response?: z.ZodType;
  readonly docs?: () => RouteDocs;
};
