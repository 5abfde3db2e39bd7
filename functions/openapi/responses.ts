import { type ProblemCode, problemCodes } from '../domain/model/problem.ts';
import type { AnyRoute, Json, RouteDocs } from '../runtime/route.ts';
import * as headers from './headers.ts';
import { pascalCase, reference } from './json-schema.ts';
import { envelope, problemExample, statusOf, whenReturned } from './problems.ts';

const codesWithKey = ['unauthorized', 'KEY_DISABLED', 'KEY_EXPIRED'] as const;
const codesWithBody = ['invalid_request', 'request_too_large', 'unsupported_media_type'] as const;

/** A JSON body: its schema and its examples. */
const jsonContent = (schema: Json, examples: Readonly<Record<string, unknown>>): Json =>
  contentOf('application/json', schema, examples);

/** A body of this type: its schema and its examples. */
export const contentOf = (
  type: string,
  schema: Json,
  examples: Readonly<Record<string, unknown>>,
): Json => ({
  [type]: {
    schema,
    examples: Object.fromEntries(
      Object.entries(examples).map(([name, value]) => [name, { value }]),
    ),
  },
});

/** Every response of a route, by status. */
export function responsesOf(route: AnyRoute, docs: RouteDocs): Json {
  const problems = problemsOf(route).map(({ status, name, codes }) => [
    status,
    isShared(route) ? reference('responses', name) : problemResponse(codes, route),
  ]);
  return {
    ...successOf(route, docs),
    429: reference('responses', gatewayOnly),
    ...Object.fromEntries(problems),
  };
}

const isCounted = ({ rateLimit }: AnyRoute): boolean => rateLimit === 'creates';

/** A create has headers about its limit in its problem responses too, so it does not share them. The uploads share theirs. */
const isShared = (route: AnyRoute): boolean => !isCounted(route) || route.envelope !== undefined;

/** The name of the 429 of a route whose function returns none. */
const gatewayOnly = 'GatewayThrottled';

/** The body of a response that API Gateway makes before a function runs. */
export const gatewayError: Json = {
  description: 'A response that the gateway in front makes',
  type: 'object',
  required: ['message'],
  additionalProperties: false,
  properties: { message: { type: 'string' } },
};
/** The body of a 429 that a function makes. It has a name, because a 429 has one of two bodies. */
export const rateLimitedBody: Json = {
  description: 'A response to a request above a limit of its key or account',
  ...envelope(['rate_limit_exceeded']),
};
const gatewaySchema = reference('schemas', 'GatewayError');
const gatewayExample = { gateway: { message: 'Too Many Requests' } };
const gatewayThrottled =
  'From the gateway: the whole service, or this route, gets more requests a second than its limit. This response has no `code`, no `x-request-id` and no `Retry-After`: wait a second and send the request again.';

/** The problem responses that routes share, by their name in the document. */
export const sharedResponses = (routes: readonly AnyRoute[]): Json =>
  Object.fromEntries([
    [
      gatewayOnly,
      {
        description: gatewayThrottled,
        headers: {},
        content: jsonContent(gatewaySchema, gatewayExample),
      },
    ],
    ...routes
      .filter(isShared)
      .flatMap((route) =>
        problemsOf(route).map(({ name, codes }) => [name, problemResponse(codes, route)]),
      ),
  ]);

/** The codes of a route's problem responses, in the order of the catalogue. */
export function codesOf({ access, body, errors }: AnyRoute): readonly ProblemCode[] {
  const codes = new Set<ProblemCode>([
    ...errors,
    ...(typeof access === 'object' ? codesWithKey : []),
    // Every scope gives `read`, so no valid key lacks it.
    ...(typeof access === 'object' && access.scope !== 'read'
      ? (['permission_denied'] as const)
      : []),
    ...(body?.kind === 'json' ? codesWithBody : []),
  ]);
  return problemCodes.filter((code) => codes.has(code));
}

const problemsOf = (route: AnyRoute) =>
  [...Map.groupBy(codesOf(route), statusOf)].map(([status, codes]) => ({
    status,
    codes,
    name: `${prefixOf(route)}${codes.map(pascalCase).join('Or')}`,
  }));

/** The prefix of shared responses that differ from those of most routes: in the envelope, or also in the headers. */
const prefixOf = (route: AnyRoute): string =>
  route.envelope ? `${route.envelope.name}${isCounted(route) ? 'Counted' : ''}` : '';

function successOf({ idempotent, rateLimit, csv, wait }: AnyRoute, { response }: RouteDocs): Json {
  if ('picture' in response) return pictureOf(response.picture, response.redirect);
  const success = {
    description: response.description,
    headers: {
      ...references(headers.requestId),
      ...(idempotent && references(headers.replayed)),
      ...(rateLimit === 'creates' && references(headers.rateLimit)),
      ...(wait && headers.readAgain),
      ...(wait === 'here' && references(headers.preferenceApplied)),
      ...(csv && references(headers.nextCursor)),
      ...response.headers,
    },
    content: {
      ...jsonContent(reference('schemas', response.name), response.examples),
      ...(csv && { 'text/csv': { schema: { type: 'string' }, example: response.csv } }),
    },
  };
  return {
    200: success,
    ...(wait === 'offered' && {
      303: {
        ...success,
        description:
          'The same, for a request with `Prefer: wait=N` that may wait. Follow `Location` to wait for the task',
        headers: { ...success.headers, ...headers.waitLocation },
      },
    }),
  };
}

const binary = { type: 'string', format: 'binary' };

function pictureOf(picture: string, redirect: string | undefined): Json {
  return {
    200: {
      description: picture,
      headers: references(headers.requestId),
      content: { 'image/*': { schema: binary } },
    },
    ...(redirect !== undefined && {
      302: {
        description: redirect,
        headers: { ...references(headers.requestId), ...references(headers.location) },
      },
    }),
  };
}

function problemResponse(codes: readonly ProblemCode[], route: AnyRoute): Json {
  const { envelope: own } = route;
  const hasRetryAfter = codes.some((code) => statusOf(code) === 429 || statusOf(code) === 503);
  const problem = {
    description: codes.map((code) => `\`${code}\`: ${whenReturned(code)}`).join('\n\n'),
    headers: {
      ...references(headers.requestId),
      ...(isCounted(route) && rateLimitHeaders(codes)),
      ...(hasRetryAfter && references(headers.retryAfter)),
    },
    schema: own ? reference('schemas', own.name) : envelope(codes),
    examples: Object.fromEntries(
      codes.map((code) => [
        code,
        own ? own.toBody(problemExample(code)) : problemExample(code).toJSON(),
      ]),
    ),
  };
  if (codes.some((code) => statusOf(code) === 429)) {
    return orGateway(own ? problem : { ...problem, schema: reference('schemas', 'RateLimited') });
  }
  const { schema, examples, ...rest } = problem;
  return { ...rest, content: jsonContent(schema, examples) };
}

type ProblemResponse = {
  readonly description: string;
  readonly headers: Json;
  readonly schema: Json;
  readonly examples: Json;
};

/** A 429 that the gateway may send as well. The gateway sends none of our headers, so here none is required. */
const orGateway = ({
  description,
  headers: ownHeaders,
  schema,
  examples,
}: ProblemResponse): Json => ({
  description: `${description}\n\n${gatewayThrottled}`,
  headers: Object.fromEntries(
    Object.keys(ownHeaders).map((name) => [name, { ...headerNamed(name), required: false }]),
  ),
  content: jsonContent({ oneOf: [schema, gatewaySchema] }, { ...examples, ...gatewayExample }),
});

const headerNamed = (name: string): Json | undefined =>
  Object.entries<Json>(headers.headers).find(([one]) => one === name)?.[1];

const references = (some: Readonly<Record<string, Json>>): Json =>
  Object.fromEntries(Object.keys(some).map((name) => [name, reference('headers', name)]));

// A request is counted after its key was checked, so responses with these codes have no headers of the rate limit.
const uncounted: ReadonlySet<string> = new Set([...codesWithKey, 'permission_denied']);

function rateLimitHeaders(codes: readonly ProblemCode[]): Json {
  if (!codes.some((code) => uncounted.has(code))) return references(headers.rateLimit);
  return Object.fromEntries(
    Object.entries(headers.rateLimit).map(([name, header]) => [
      name,
      { ...header, required: false },
    ]),
  );
}
