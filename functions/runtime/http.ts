import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type * as z from 'zod';
import type { Scope } from '../task/api-key.ts';
import type { Caller } from '../task/identify.ts';
import { Problem } from '../task/problem.ts';
import { jsonBody } from './json-body.ts';
import { log } from './log.ts';
import { placeIn } from './place.ts';

/** A call that was understood: who, with what. */
export type Call<T> = {
  readonly body: T;
  readonly caller: Caller;
  readonly path: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
};

export type Reply = {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Headers;
};

type Headers = Readonly<Record<string, string>>;
type Identify = (authorization: string | undefined, scope: Scope) => Promise<Caller>;
type Event = APIGatewayProxyEventV2;
type Handler = (event: Event) => Promise<APIGatewayProxyStructuredResultV2>;

type RouteOptions = {
  /** What the key must be allowed to do. */
  readonly scope?: Scope;
  /** Counts the request, and has the headers that every answer from there on carries. */
  readonly limit?: (caller: Caller) => Promise<Headers>;
};

/** A route for callers with a key and a JSON body: identify, count, parse, run, answer. */
export const route = <T>(
  identify: Identify,
  schema: z.ZodType<T>,
  run: (call: Call<T>) => Promise<Reply>,
  { scope = 'generate', limit }: RouteOptions = {},
): Handler =>
  answering(async (event, headers) => {
    const caller = await identify(event.headers['authorization'], scope);
    Object.assign(headers, await limit?.(caller));
    return run({ ...partsOf(event), caller, body: checked(schema, jsonBody(event)) });
  });

/** A route for callers with a key and no body. */
export const readRoute = (
  identify: Identify,
  run: (call: Omit<Call<never>, 'body'>) => Promise<Reply>,
  { scope = 'generate' }: Pick<RouteOptions, 'scope'> = {},
): Handler =>
  answering(async (event) => {
    const caller = await identify(event.headers['authorization'], scope);
    return run({ ...partsOf(event), caller });
  });

/** A route for everybody. */
export const openRoute = (
  run: (call: Omit<Call<never>, 'body' | 'caller'>, event: Event) => Promise<Reply>,
): Handler => answering((event) => run(partsOf(event), event));

// Whatever is thrown becomes an answer in the error envelope; what was not foreseen tells nothing.
const answering =
  (run: (event: Event, headers: Record<string, string>) => Promise<Reply>): Handler =>
  async (event) => {
    const { requestId } = event.requestContext;
    const common = { 'x-request-id': requestId };
    try {
      return json(await run(event, common), common);
    } catch (thrown) {
      const problem = asProblem(thrown);
      const { status, code, cause, headers } = problem;
      const level = status >= 500 ? 'error' : 'info';
      log(level, 'request.refused', { requestId, route: event.routeKey, status, code, cause });
      return json({ status, headers, body: problem }, common);
    }
  };

const asProblem = (thrown: unknown): Problem =>
  thrown instanceof Problem
    ? thrown
    : new Problem('internal_error', 'Something went wrong on our side.', { cause: thrown });

function json(
  { status, body, headers }: Reply,
  common: Headers,
): APIGatewayProxyStructuredResultV2 {
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return {
    statusCode: status,
    headers: { ...type, 'cache-control': 'no-store', ...common, ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  };
}

const partsOf = ({ pathParameters, queryStringParameters, headers }: Event) => ({
  path: pathParameters ?? {},
  query: queryStringParameters ?? {},
  headers,
});

/**
 * What a caller sent, as the schema has it.
 * @throws {Problem} `invalid_request`, naming the one field that is to blame
 */
export function checked<T>(schema: z.ZodType<T>, sent: unknown): T {
  const parsed = schema.safeParse(sent);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Problem('invalid_request', issue ? worded(issue) : 'The request is not valid.', {
    param: issue && paramOf(issue),
  });
}

// A rule about one element of a list says only the rule: the element goes in front.
const worded = (issue: z.core.$ZodIssue): string =>
  issue.message.startsWith('must ') ? `${paramOf(issue)} ${issue.message}` : issue.message;

// A key that is refused is the caller's own text: the field it stands in is named.
const paramOf = ({ code, path }: z.core.$ZodIssue): string | undefined =>
  placeIn(code === 'invalid_key' ? path.slice(0, -1) : path);
