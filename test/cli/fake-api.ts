import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export type Reply = {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

/** What it answers, in order: the last answer about a task repeats. */
export type Play = {
  /** Answers to requests for a task before one is accepted; 'hang up' answers nothing. */
  readonly create?: readonly (Reply | 'hang up')[];
  readonly polls?: readonly (object | Reply)[];
  /** All tasks there are, newest first. */
  readonly tasks?: readonly object[];
  /** What it answers, in order, before it lists them. */
  readonly listings?: readonly Reply[];
  /** What it answers to calls like "DELETE /v1/admin/keys/key-1", in order: the last one repeats. */
  readonly answers?: Readonly<Record<string, readonly (Reply | 'hang up')[]>>;
  /** All there is below paths like "/v1/admin/accounts", a page at a time. */
  readonly lists?: Readonly<Record<string, readonly object[]>>;
  readonly results?: readonly Reply[];
  /** What the storage answers instead of taking a form. */
  readonly upload?: readonly Reply[];
};

type Seen = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
};

export const taskId = 'task-unified-1772366400-abcd1234';
export const fields = { 'Content-Type': 'image/jpeg', key: 'in/0', Policy: 'signed policy' };
const basics = { id: taskId, model: 'wan2.5-image-to-image', created: 1_772_366_400 };
const completed = { status: 'completed', progress: 100, usage: { credits_used: 1.2 } };

/** An HTTP server that plays the API, its storage and its results, and remembers who came. */
export async function startApi(play: Play) {
  const seen: Seen[] = [];
  const rest = {
    create: [...(play.create ?? [])],
    upload: [...(play.upload ?? [])],
    listings: [...(play.listings ?? [])],
  };
  const polls = [...(play.polls ?? [completed])];
  const results = play.results ?? [{ headers: { 'content-type': 'image/png' }, body: 'painted' }];
  let url = '';

  const onCreate = ({ body }: Seen) => {
    const played = rest.create.shift();
    if (played) return played;
    const { image_uploads: uploads } = JSON.parse(String(body));
    const form = { method: 'POST', url: `${url}/storage`, fields, expires_at: 1_772_367_300 };
    return {
      body: { id: taskId, status: 'pending', ...(uploads && { uploads: uploads.map(() => form) }) },
    };
  };
  const onPoll = () => {
    const [next = {}] = polls.length > 1 ? polls.splice(0, 1) : polls;
    if (!('status' in next) || typeof next.status === 'number') return next;
    const links = results.map((_, index) => `${url}/v1/results/${taskId}/${index + 1}?signature=s`);
    return {
      body: { ...basics, ...(next.status === 'completed' && { results: links }), ...next },
    };
  };
  const onList = ({ path }: Seen): Reply =>
    rest.listings.shift() ?? pageOf(play.tasks ?? [], new URL(path, url));
  const answers = new Map(
    Object.entries(play.answers ?? {}).map(([call, replies]) => [call, [...replies]]),
  );
  const onAnything = ({ method, path }: Seen): Reply | 'hang up' => {
    const address = new URL(path, url);
    const items = method === 'GET' ? play.lists?.[address.pathname] : undefined;
    if (items) return pageOf(items, address);
    const replies = answers.get(`${method} ${path}`) ?? [];
    const [next = { status: 404 }] = replies.length > 1 ? replies.splice(0, 1) : replies;
    return next;
  };
  const routes: readonly (readonly [RegExp, (call: Seen) => Reply | 'hang up' | Promise<Reply>])[] =
    [
      [/^POST \/v1\/images\/generations$/, onCreate],
      [/^GET \/v1\/tasks\//, onPoll],
      [/^\w+ \/v1\/(admin|credits|tasks\/.*\/cancel)/, onAnything],
      [/^GET \/v1\/tasks\?/, onList],
      [/^POST \/storage$/, async (call) => rest.upload.shift() ?? storageAnswer(call)],
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
    seen.push(call);
    const [, answer] = routes.find(([pattern]) => pattern.test(`${method} ${path}`)) ?? [];
    send(response, (await answer?.(call)) ?? { status: 404 });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
  return {
    url,
    /** The calls to paths that begin like this. */
    seen: (path = '/') => seen.filter((call) => call.path.startsWith(path)),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

// A cursor is opaque and need not be fit for an address.
function pageOf(items: readonly object[], { searchParams }: URL): Reply {
  const start = Number(/\d+/.exec(searchParams.get('cursor') ?? '0'));
  const end = start + Number(searchParams.get('limit'));
  const next_cursor = end < items.length ? `after=${end}&+/` : null;
  return { body: { object: 'list', data: items.slice(start, end), next_cursor } };
}

// As S3 does: what stands behind the file is not read, so the form must be complete by then.
async function storageAnswer({ headers, body }: Seen): Promise<Reply> {
  const form = await new Response(body, {
    headers: { 'content-type': headers['content-type'] ?? '' },
  }).formData();
  const names = [...form.keys()];
  const before = Object.fromEntries([...form].slice(0, names.indexOf('file')));
  const fits = Object.entries(fields).every(([name, value]) => before[name] === value);
  if (fits && headers['content-length'] && names.at(-1) === 'file') return { status: 204 };
  return storageRefusal('AccessDenied', 'Invalid according to Policy');
}

export const storageRefusal = (code: string, message: string): Reply => ({
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
