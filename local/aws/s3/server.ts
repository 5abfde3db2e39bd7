import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type Authorizer, allowAll } from '../iam/authorizer.ts';
import { listen, type RunningServer } from '../listen.ts';
import { corsHeaders, preflight } from './cors.ts';
import { S3Error } from './error.ts';
import { handleRequest } from './handle-request.ts';
import { type Headers, parseAddress } from './http-request.ts';
import { s3Event, sendNotifications } from './notification.ts';
import type { Bucket, S3Context, S3Response } from './request.ts';
import { errorResponse, sendResponse } from './send-response.ts';
import type { Credentials } from './signing-key.ts';
import { openStore } from './store.ts';

export type Options = {
  /** The directory of the objects, which survive a restart. */
  readonly dataDir: string;
  readonly buckets: readonly Bucket[];
  /** The credentials of all callers. */
  readonly credentials: readonly Credentials[];
  /** Checks permissions; without it every caller may do everything. */
  readonly authorize?: Authorizer;
  readonly port?: number;
  readonly region?: string;
  /** Milliseconds since 1970, for expiry and dates. */
  readonly now?: () => number;
  /** Gets the errors of notifications, and unexpected errors of requests. */
  readonly onError?: (cause: unknown) => void;
};

/** The local stack's S3, with path-style addresses: `http://127.0.0.1:PORT/bucket/key`. */
export async function startS3(options: Options): Promise<RunningServer> {
  const { dataDir, buckets, credentials, port = 0, now = Date.now } = options;
  const opened = buckets.map(
    async ({ name, versioned }) =>
      [name, await openStore(join(dataDir, name), { now, versioned })] as const,
  );
  const state: ServerState = {
    stores: new Map(await Promise.all(opened)),
    buckets: new Map(buckets.map((bucket) => [bucket.name, bucket])),
    credentials,
    authorize: options.authorize ?? allowAll,
    now,
    region: options.region ?? 'us-east-1',
    onError: options.onError ?? (() => undefined),
  };
  const server = createServer((request, response) => {
    serve(state, request, response).catch((cause: unknown) => {
      response.destroy();
      state.onError(cause);
    });
  });
  return listen(server, port);
}

type ServerState = S3Context & {
  readonly region: string;
  readonly onError: (cause: unknown) => void;
};

async function serve(
  state: ServerState,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // When an upload is rejected, the connection must stay open, or the client would not get the response.
  const body = request.iterator({ destroyOnReturn: false });
  const s3Response = await respond(state, request, body);
  await body.return?.();
  request.resume();
  response.setHeader('date', new Date(state.now()).toUTCString());
  await sendResponse(request, response, s3Response);
}

async function respond(
  state: ServerState,
  request: IncomingMessage,
  body: AsyncIterable<Buffer>,
): Promise<S3Response> {
  const { method = 'GET' } = request;
  const headers = singleHeaders(request);
  let cors = {};
  try {
    const address = parseAddress(request.url ?? '/');
    const bucket = state.buckets.get(address.bucket);
    const rules = bucket?.cors ?? [];
    if (method === 'OPTIONS' && !bucket) throw new S3Error('NoSuchBucket');
    if (method === 'OPTIONS') return { status: 200, headers: preflight(rules, headers) };

    cors = corsHeaders(rules, method, headers);
    const s3Response = await handleRequest(state, { method, address, headers, body });
    if (bucket) notify(state, bucket, s3Response);
    return { ...s3Response, headers: { ...cors, ...s3Response.headers } };
  } catch (thrown) {
    const s3Response = toErrorResponse(state, request, thrown);
    return { ...s3Response, headers: { ...cors, ...s3Response.headers } };
  }
}

function toErrorResponse(
  { onError }: ServerState,
  request: IncomingMessage,
  thrown: unknown,
): S3Response {
  if (thrown instanceof S3Error) return errorResponse(thrown, request);
  // A client that closes the connection in the middle is not an error of this server.
  if (thrown !== request.errored) onError(thrown);
  return errorResponse(new S3Error('InternalError'), request);
}

function notify({ region, onError }: ServerState, bucket: Bucket, { created }: S3Response): void {
  if (!created) return;
  const { event, object } = created;
  sendNotifications(
    bucket.notifications ?? [],
    s3Event(bucket.name, event, object, region),
    object.key,
    onError,
  );
}

const singleHeaders = ({ headers }: IncomingMessage): Headers =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value?.toString()]));
