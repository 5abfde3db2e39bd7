import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type * as z from 'zod';
import type { Caller, Scope } from '../domain/model/api-key.ts';
import { requestHeaders, responseHeaders } from '../domain/model/http-headers.ts';
import { formatPath, internalSentence, Problem } from '../domain/model/problem.ts';
import { parseJsonBody } from './json-body.ts';
import { log } from './log.ts';
import type { AccessOf, AnyRoute, BodyOf, ParamsOf, QueryOf, ResponseOf } from './route.ts';

type Event = APIGatewayProxyEventV2;
type Result = APIGatewayProxyStructuredResultV2;
export type Handler = (event: Event) => Promise<Result>;
type Headers = Readonly<Record<string, string>>;

/** A validated request, as a handler gets it. Header names are in lower case. */
export type RouteRequest<R extends AnyRoute> = {
  readonly params: ParamsOf<R>;
  readonly query: QueryOf<R>;
  readonly body: BodyOf<R>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The authenticated caller. Only a route with a scope has one. */
  readonly caller: AccessOf<R> extends { readonly scope: Scope } ? Caller : undefined;
  /** The method and path of the request as they were sent. */
  readonly method: string;
  readonly rawPath: string;
  /** The query as it was sent, without its question mark. */
  readonly rawQuery: string;
  /** The `x-request-id` of the response. */
  readonly requestId: string;
};

/** A picture. A response to HEAD needs only its size in bytes. */
type PictureResponse = {
  readonly contentType: string;
  readonly filename: string;
  /** The whole header `Content-Disposition`, when the picture is not to be shown under the file name. */
  readonly disposition?: string;
  readonly picture: Buffer | { readonly length: number };
};

/** A 302, or a picture. */
type PictureOrRedirect = { readonly redirectTo: string } | PictureResponse;

/** A table in place of JSON, of a route that declares `csv`. */
type CsvResponse = { readonly csv: string; readonly filename: string; readonly headers?: Headers };

/** A file of a page, in base64; or a 304, because the client has the file already. The headers describe the file. */
export type FileResponse =
  | { readonly file: string; readonly headers: Headers }
  | { readonly unchanged: true; readonly headers: Headers };

/** A JSON body. With `seeOther`, the target of a redirect, the response is a 303, otherwise a 200. */
type JsonResponse<Body> = {
  readonly body: Body;
  readonly headers?: Headers;
  readonly seeOther?: string | undefined;
};

/** A JSON body or a table; or a picture, a redirect to one, or a file. */
export type RouteResponse<R extends AnyRoute> =
  ResponseOf<R> extends infer Response extends z.ZodType
    ? [Response] extends [never]
      ? PictureOrRedirect | FileResponse
      : JsonResponse<z.input<Response>> | CsvResponse
    : never;

/** A caller whose request was counted. */
type AdmittedCaller = { readonly caller: Caller; readonly headers: Headers };

/** What a route that requires an API key needs. */
export type CallerServices = {
  /** Finds the caller by the API key. @throws {Problem} when the key is not valid or lacks the scope */
  readonly authenticate: (
    authorization: string | undefined,
    scope: Scope,
    use: { readonly isRecordedByCount: boolean },
  ) => Promise<Caller>;
  /**
   * Admits a request that creates something: counts it, which records the use of the key, and reads the caller's key as it is
   * now. Returns the caller with that key, and the headers that every response has after that.
   * @throws {Problem} `rate_limit_exceeded`, or what `authenticate` throws
   */
  readonly admitCreate: (caller: Caller, scope: Scope) => Promise<AdmittedCaller>;
  /** Counts a request that creates nothing. @throws {Problem} `rate_limit_exceeded` */
  readonly countCall: (caller: Caller) => Promise<void>;
};

/**
 * Serves a declared route: authenticates and counts the request as the declaration says, validates
 * body and query, runs the handler, and turns whatever is thrown into a response in the error envelope.
 */
export const serve =
  <R extends AnyRoute>(
    route: R,
    run: (request: RouteRequest<R>) => Promise<RouteResponse<R>>,
    ...[services]: AccessOf<R> extends { readonly scope: Scope }
      ? [CallerServices]
      : [CallerServices?]
  ): Handler =>
  async (event) => {
    const known = {
      route,
      headers: { [responseHeaders.requestId]: event.requestContext.requestId },
      keyName: undefined,
    };
    const result = await orProblem(event, known, async () => {
      const caller = await callerOf(route, event, services);
      const ofCaller = { ...known, keyName: caller?.keyName };
      return orProblem(event, ofCaller, async () => {
        const admitted = caller && (await admit(route, caller, services));
        return respond(route, event, admitted, ofCaller, run);
      });
    });
    return forMethod(event, result);
  };

/** What the response to a request has, whether it succeeds or fails, as far as the request is known. */
type Known = {
  readonly route: AnyRoute;
  readonly headers: Headers;
  readonly keyName: string | undefined;
};

/** The result of a part of a request, or the problem for whatever it throws. */
const orProblem = (event: Event, known: Known, run: () => Promise<Result>): Promise<Result> =>
  run().catch((thrown: unknown) => toProblemResult(thrown, event, known));

/** Runs the handler of a route for a caller that is admitted, or for one that needs no key. */
function respond<R extends AnyRoute>(
  route: R,
  event: Event,
  admitted: AdmittedCaller | undefined,
  ofCaller: Known,
  run: (request: RouteRequest<R>) => Promise<RouteResponse<R>>,
): Promise<Result> {
  const keyName = admitted?.caller.keyName;
  const known = { ...ofCaller, headers: { ...ofCaller.headers, ...admitted?.headers }, keyName };
  return orProblem(event, known, async () => {
    const response = await run({
      params: event.pathParameters ?? {},
      query: route.query && validate(route.query, event.queryStringParameters ?? {}),
      body: bodyOf(route, event),
      headers: event.headers,
      caller: admitted?.caller,
      method: event.requestContext.http.method,
      rawPath: event.requestContext.http.path,
      rawQuery: event.rawQueryString,
      requestId: event.requestContext.requestId,
      // The declaration says what the parts are; the compiler cannot follow it through the event.
    } as RouteRequest<R>);
    const result = toResult(response, known.headers);
    log('debug', 'request.handled', {
      requestId: event.requestContext.requestId,
      route: event.routeKey,
      status: result.statusCode,
      keyName,
    });
    return result;
  });
}

/** A response to HEAD has the headers that GET would have, and no body. */
function forMethod(event: Event, result: Result): Result {
  if (event.requestContext.http.method !== 'HEAD') return result;
  const length = Buffer.byteLength(result.body ?? '', result.isBase64Encoded ? 'base64' : 'utf8');
  return {
    statusCode: result.statusCode ?? 200,
    headers: { 'content-length': String(length), ...result.headers },
  };
}

async function callerOf(
  { access, rateLimit }: AnyRoute,
  event: Event,
  services: CallerServices | undefined,
): Promise<Caller | undefined> {
  if (typeof access === 'string') return undefined;
  if (!services) throw new Error('a route with a scope has no way to authenticate');
  return services.authenticate(event.headers[requestHeaders.authorization], access.scope, {
    isRecordedByCount: rateLimit === 'creates',
  });
}

/** Counts a request as its route declares. */
async function admit(
  { access, rateLimit }: AnyRoute,
  caller: Caller,
  services: CallerServices | undefined,
): Promise<AdmittedCaller> {
  if (services && typeof access === 'object' && rateLimit === 'creates') {
    return services.admitCreate(caller, access.scope);
  }
  if (rateLimit === 'calls') await services?.countCall(caller);
  return { caller, headers: {} };
}

function bodyOf({ body }: AnyRoute, event: Event): unknown {
  if (!body) return undefined;
  if (body.kind === 'json') return validate(body.schema, parseJsonBody(event, body.maxBytes));
  const { body: text = '', isBase64Encoded } = event;
  if (body.kind === 'form') return Buffer.from(text, isBase64Encoded ? 'base64' : 'utf8');
  return isBase64Encoded ? Buffer.from(text, 'base64').toString() : text;
}

function toResult(
  response: PictureOrRedirect | FileResponse | CsvResponse | JsonResponse<unknown>,
  common: Headers,
): Result {
  if ('file' in response) {
    return {
      statusCode: 200,
      headers: { ...always, ...common, ...response.headers },
      body: response.file,
      isBase64Encoded: true,
    };
  }
  if ('unchanged' in response) {
    return { statusCode: 304, headers: { ...always, ...common, ...response.headers } };
  }
  if ('redirectTo' in response) {
    return {
      statusCode: 302,
      headers: { ...always, ...common, location: response.redirectTo },
    };
  }
  if ('picture' in response) return pictureResult(response, common);
  if ('csv' in response) {
    return {
      statusCode: 200,
      headers: {
        ...always,
        ...common,
        ...response.headers,
        'content-type': 'text/csv; charset=utf-8; header=present',
        'content-disposition': `attachment; filename="${response.filename}"`,
      },
      body: response.csv,
    };
  }
  const { body, headers, seeOther } = response;
  if (seeOther === undefined) return jsonResult(200, body, { ...common, ...headers });
  return jsonResult(303, body, { ...common, ...headers, location: seeOther });
}

function pictureResult(
  {
    contentType,
    filename,
    picture,
    disposition = `inline; filename="${filename}"`,
  }: PictureResponse,
  common: Headers,
): Result {
  const headers = {
    ...always,
    ...common,
    'content-type': contentType,
    'content-length': String(picture.length),
    'content-disposition': disposition,
  };
  return picture instanceof Buffer
    ? {
        statusCode: 200,
        headers,
        body: picture.toString('base64'),
        isBase64Encoded: true,
      }
    : { statusCode: 200, headers };
}

function toProblemResult(thrown: unknown, event: Event, common: Known): Result {
  const problem = asProblem(thrown);
  const { status, code, cause, headers } = problem;
  log(status >= 500 ? 'error' : 'info', 'request.failed', {
    requestId: event.requestContext.requestId,
    route: event.routeKey,
    status,
    code,
    keyName: common.keyName,
    cause,
  });
  const body = common.route.envelope?.toBody(problem) ?? problem;
  return jsonResult(status, body, { ...common.headers, ...headers });
}

const asProblem = (thrown: unknown): Problem =>
  thrown instanceof Problem ? thrown : internalError(thrown);

/** The message of an unforeseen error is not shown to the caller. */
export const internalError = (cause?: unknown): Problem =>
  new Problem('internal_error', internalSentence, { cause });

/** The header of the response when the same request with this `Idempotency-Key` came before. */
export const replayedHeader = (replayed: boolean): Headers =>
  replayed ? { [responseHeaders.idempotencyReplayed]: 'true' } : {};

/** A browser must not guess a type other than the one in the header. */
const always = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

const jsonResult = (statusCode: number, body: unknown, headers: Headers): Result => ({
  statusCode,
  headers: { 'content-type': 'application/json', ...always, ...headers },
  body: JSON.stringify(body),
});

/** Serves several routes with one function. The key that API Gateway has for a route chooses its handler. */
export const dispatch =
  (handlers: Readonly<Record<string, Handler>>): Handler =>
  (event) => {
    // A route that is declared with GET serves HEAD as well.
    const handler = handlers[event.routeKey.replace(/^HEAD /, 'GET ')];
    if (!handler) throw new Error(`no handler serves ${event.routeKey}`);
    return handler(event);
  };

/**
 * Validates a part of a request with its schema.
 * @throws {Problem} `invalid_request`, naming the one field that is wrong
 */
export function validate<T>(schema: z.ZodType<T>, sent: unknown): T {
  const parsed = schema.safeParse(sent);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Problem('invalid_request', issue ? messageOf(issue) : 'The request is not valid.', {
    param: issue && paramOf(issue),
  });
}

// A rule that begins with "must" names no field, like one about an element of a list: the path goes in front.
function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `There is no parameter ${paramOf(issue)} here.`;
  return issue.message.startsWith('must ') ? `${paramOf(issue)} ${issue.message}` : issue.message;
}

const maxNameLength = 64;

// An invalid key of a record is the caller's own text, so `param` names the field of the record instead.
function paramOf(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys[0]?.slice(0, maxNameLength).toWellFormed();
  }
  return formatPath(issue.code === 'invalid_key' ? issue.path.slice(0, -1) : issue.path);
}
