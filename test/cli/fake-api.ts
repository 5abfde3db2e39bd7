import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as z from 'zod';
import { loadRoutes } from '../../functions/api/routes.ts';
import { createdBody, type TaskFields, taskBody, taskId } from './task-responses.ts';

export type Reply = {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The body deliberately differs from the declaration of the route. */
  readonly isUndeclared?: true;
};

/** The replies of the fake API, in order. */
export type FakeReplies = {
  /** Replies to creates before one is accepted; 'hang up' closes the connection without a reply. */
  readonly create?: readonly (Reply | 'hang up')[];
  /** Which pictures have already arrived, when the create is a repeated one. */
  readonly arrived?: readonly number[];
  /** The fields of the task at each read, or other replies to the reads; the last one repeats. */
  readonly polls?: readonly (TaskFields | Reply)[];
  /** All tasks, newest first. */
  readonly tasks?: readonly object[];
  /** Replies to list requests before the tasks are listed. */
  readonly listings?: readonly Reply[];
  /** Replies to calls like "DELETE /v1/admin/keys/key-1"; the last one repeats. */
  readonly replies?: Readonly<Record<string, readonly (Reply | 'hang up')[]>>;
  /** The items of lists like "/v1/admin/accounts", a page at a time. */
  readonly lists?: Readonly<Record<string, readonly object[]>>;
  readonly results?: readonly Reply[];
  /** Replies of the storage to uploads before one is accepted. */
  readonly upload?: readonly Reply[];
};

type Call = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
};

export const fields = { 'Content-Type': 'image/jpeg', key: 'in/0', Policy: 'signed policy' };

const declarations = await loadRoutes();

/**
 * An HTTP server in place of the API, its storage and its results. It records all calls. A body that differs from
 * the declaration of its route becomes a 500, unless the reply is marked as undeclared.
 */
export async function startApi(fake: FakeReplies) {
  const calls: Call[] = [];
  const rest = {
    create: [...(fake.create ?? [])],
    upload: [...(fake.upload ?? [])],
    listings: [...(fake.listings ?? [])],
  };
  const polls = [...(fake.polls ?? [{ status: 'completed' } as const])];
  const results = fake.results ?? [
    { headers: { 'content-type': 'image/png' }, body: 'generated image' },
  ];
  let url = '';

  const onCreate = ({ body }: Call) => {
    const reply = rest.create.shift();
    if (reply) return reply;
    const { image_uploads: uploads = [] } = JSON.parse(String(body));
    const form = { method: 'POST', url: `${url}/storage`, fields, expires_at: 1_772_367_300 };
    const forms = uploads.flatMap((_: object, index: number) =>
      fake.arrived?.includes(index) ? [] : [{ ...form, index }],
    );
    return {
      body: createdBody(forms),
      ...(fake.arrived && { headers: { 'idempotency-replayed': 'true' } }),
    };
  };
  const onPoll = () => {
    const [next = {}] = polls.length > 1 ? polls.splice(0, 1) : polls;
    if (!isTask(next)) return next;
    const links = results.map((_, index) => `${url}/v1/results/${taskId}/${index + 1}?signature=s`);
    return {
      body: taskBody({ ...next, ...(next.status === 'completed' && { results: links }) }),
    };
  };
  const onList = ({ path }: Call): Reply =>
    rest.listings.shift() ?? pageOf(fake.tasks ?? [], new URL(path, url));
  const replies = new Map(
    Object.entries(fake.replies ?? {}).map(([call, list]) => [call, [...list]]),
  );
  const onAnything = ({ method, path }: Call): Reply | 'hang up' => {
    const address = new URL(path, url);
    const items = method === 'GET' ? fake.lists?.[address.pathname] : undefined;
    if (items) return pageOf(items, address);
    const list = replies.get(`${method} ${path}`) ?? [];
    const [next = { status: 404 }] = list.length > 1 ? list.splice(0, 1) : list;
    return next;
  };
  const routes: readonly (readonly [RegExp, (call: Call) => Reply | 'hang up' | Promise<Reply>])[] =
    [
      [/^POST \/v1\/images\/generations$/, onCreate],
      [/^GET \/v1\/tasks\//, onPoll],
      [/^\w+ \/v1\/(admin|credits|usage|models|webhooks|tasks\/.*\/cancel)/, onAnything],
      [/^DELETE \/v1\/tasks\//, onAnything],
      [/^GET \/v1\/tasks\?/, onList],
      [/^POST \/storage$/, async (call) => rest.upload.shift() ?? storageReply(call)],
      [
        /^GET \/v1\/results\/.*\/(\d)\?signature=s$/,
        ({ path }) => ({
          status: 302,
          headers: { location: path.replace('/v1/results', '/bucket') },
        }),
      ],
      [
        /^GET \/bucket\//,
        ({ path }) => results[Number(/(\d)\?/.exec(path)?.[1]) - 1] ?? { status: 404 },
      ],
    ];

  const server = createServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request;
    const call = { method, path, headers, body: Buffer.concat(await request.toArray()) };
    calls.push(call);
    const [, handle] = routes.find(([pattern]) => pattern.test(`${method} ${path}`)) ?? [];
    send(response, replyIfDeclared(call, (await handle?.(call)) ?? { status: 404 }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
  return {
    url,
    /** The calls to paths that begin like this. */
    calls: (path = '/') => calls.filter((call) => call.path.startsWith(path)),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const isTask = (poll: TaskFields | Reply): poll is TaskFields => typeof poll.status === 'string';

/** The reply, or a 500 when its body differs from the declaration of the route. */
function replyIfDeclared({ method, path }: Call, reply: Reply | 'hang up'): Reply | 'hang up' {
  if (reply === 'hang up' || reply.isUndeclared || typeof reply.body !== 'object') return reply;
  if ((reply.status ?? 200) >= 300) return reply;
  const declared = declarations.find(
    ({ route }) =>
      route.method === method && patternOf(route.path).test(new URL(path, 'http://api').pathname),
  );
  const parsed = declared?.response?.safeParse(reply.body);
  if (parsed?.success) return reply;
  const reason = parsed ? z.prettifyError(parsed.error) : 'no route declares a response';
  const message = `The fake replies to ${method} ${path} with an undeclared body: ${reason}`;
  return { status: 500, body: { error: { code: 'internal_error', message } } };
}

const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replace('$', '\\$').replace(/\{\w+\}/g, '[^/]+')}$`);

// A cursor is opaque: it may hold characters that a URL has to escape.
function pageOf(items: readonly object[], { searchParams }: URL): Reply {
  const start = Number(/\d+/.exec(searchParams.get('cursor') ?? '0'));
  const end = start + Number(searchParams.get('limit'));
  const next_cursor = end < items.length ? `after=${end}&+/` : null;
  return { body: { object: 'list', data: items.slice(start, end), next_cursor } };
}

// As in S3: fields after the file are not read, so the form must be complete before it.
async function storageReply({ headers, body }: Call): Promise<Reply> {
  const form = await new Response(body, {
    headers: { 'content-type': headers['content-type'] ?? '' },
  }).formData();
  const names = [...form.keys()];
  const before = Object.fromEntries([...form].slice(0, names.indexOf('file')));
  const fits = Object.entries(fields).every(([name, value]) => before[name] === value);
  if (fits && headers['content-length'] && names.at(-1) === 'file') return { status: 204 };
  return storageErrorReply('AccessDenied', 'Invalid according to Policy');
}

export const storageErrorReply = (code: string, message: string): Reply => ({
  status: 403,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});

function send(response: ServerResponse, reply: Reply | 'hang up'): void {
  if (reply === 'hang up') {
    response.destroy();
    return;
  }
  const { status = 200, headers, body } = reply;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'object' ? JSON.stringify(body) : body);
}
