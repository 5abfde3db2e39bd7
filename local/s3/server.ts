import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { listen, type Running } from '../listen.ts';
import { everybodyMay, type Judge } from '../rights/judge.ts';
import { addressOf } from './address.ts';
import type { Bucket } from './bucket.ts';
import type { Headers, Reply } from './call.ts';
import { corsHeaders, preflight } from './cors.ts';
import { Fault } from './fault.ts';
import type { Gate } from './gate.ts';
import { announce, s3Event } from './notification.ts';
import { respond } from './respond.ts';
import type { Credentials } from './secret.ts';
import { faultReply, send } from './send.ts';
import { openStore } from './store.ts';

export type Options = {
  /** Where the objects are kept; they are there again at the next start. */
  readonly dataDir: string;
  readonly buckets: readonly Bucket[];
  /** Of everybody who may sign. */
  readonly credentials: readonly Credentials[];
  /** Which of them may do what; everybody everything without it. */
  readonly judge?: Judge;
  readonly port?: number;
  readonly region?: string;
  /** Milliseconds since 1970, for expiry and dates. */
  readonly now?: () => number;
  /** Hears what a listener threw and what crashed a request. */
  readonly onError?: (cause: unknown) => void;
};

/** S3 on the laptop, with path-style addresses: `http://127.0.0.1:PORT/bucket/key`. */
export async function startS3(options: Options): Promise<Running> {
  const { dataDir, buckets, credentials, port = 0, now = Date.now } = options;
  const opened = buckets.map(
    async ({ name }) => [name, await openStore(join(dataDir, name), now)] as const,
  );
  const site: Site = {
    stores: new Map(await Promise.all(opened)),
    buckets: new Map(buckets.map((bucket) => [bucket.name, bucket])),
    ...{ credentials, judge: options.judge ?? everybodyMay, now },
    region: options.region ?? 'us-east-1',
    onError: options.onError ?? (() => undefined),
  };
  const server = createServer((request, response) => {
    serve(site, request, response).catch((cause: unknown) => {
      response.destroy();
      site.onError(cause);
    });
  });
  return listen(server, port);
}

type Site = Gate & {
  readonly buckets: ReadonlyMap<string, Bucket>;
  readonly region: string;
  readonly onError: (cause: unknown) => void;
};

async function serve(
  site: Site,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // Refusing an upload must not cut the connection over which the refusal is told.
  const body = request.iterator({ destroyOnReturn: false });
  const reply = await replyTo(site, request, body);
  await body.return?.();
  request.resume();
  response.setHeader('date', new Date(site.now()).toUTCString());
  await send(request, response, reply);
}

async function replyTo(
  site: Site,
  request: IncomingMessage,
  body: AsyncIterable<Buffer>,
): Promise<Reply> {
  const { method = 'GET' } = request;
  const headers = singleHeaders(request);
  let cors = {};
  try {
    const address = addressOf(request.url ?? '/');
    const bucket = site.buckets.get(address.bucket);
    const store = site.stores.get(address.bucket);
    if (!bucket || !store) throw new Fault('NoSuchBucket');
    const rules = bucket.cors ?? [];
    if (method === 'OPTIONS') return { status: 200, headers: preflight(rules, headers) };

    cors = corsHeaders(rules, method, headers);
    const reply = await respond(site, method, { address, bucket, store, headers, body });
    tell(site, bucket, reply);
    return { ...reply, headers: { ...cors, ...reply.headers } };
  } catch (thrown) {
    const reply = refusal(site, request, thrown);
    return { ...reply, headers: { ...cors, ...reply.headers } };
  }
}

function refusal({ onError }: Site, request: IncomingMessage, thrown: unknown): Reply {
  if (thrown instanceof Fault) return faultReply(thrown, request);
  // Somebody who hangs up in the middle is no crash of ours.
  if (thrown !== request.errored) onError(thrown);
  return faultReply(new Fault('InternalError'), request);
}

function tell({ region, onError }: Site, bucket: Bucket, { created }: Reply): void {
  if (!created) return;
  const { event, object } = created;
  announce(bucket, s3Event(bucket.name, event, object, region), object.key, onError);
}

const singleHeaders = ({ headers }: IncomingMessage): Headers =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value?.toString()]));
