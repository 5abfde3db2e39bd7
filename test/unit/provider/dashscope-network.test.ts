import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { dashscope } from '../../../functions/provider/dashscope.ts';
import { ProviderBusy, SubmitUnknown } from '../../../functions/task/failures.ts';
import created from '../../fixtures/dashscope/created.json' with { type: 'json' };
import job from '../../fixtures/dashscope/job.json' with { type: 'json' };
import running from '../../fixtures/dashscope/running.json' with { type: 'json' };
import { key, thrownBy } from './upstream.ts';

const at = (baseUrl: string, deadlineMs = 5000) =>
  dashscope({ baseUrl, apiKey: async () => key, deadlineMs });

describe('over a real connection', () => {
  test('a submit and a poll arrive as they were meant, each on a connection of its own', async () => {
    const seen: IncomingMessage[] = [];
    const url = await serve((request, response) => {
      seen.push(request);
      response.end(JSON.stringify(request.method === 'POST' ? created : running));
    });

    await expect(at(url).submit(job)).resolves.toBe(created.output.task_id);
    await expect(at(url).poll('a-ticket')).resolves.toEqual({ state: 'running' });

    expect(seen.map(({ method, url: path }) => `${method} ${path}`)).toEqual([
      'POST /api/v1/services/aigc/image2image/image-synthesis',
      'GET /api/v1/tasks/a-ticket',
    ]);
    expect(seen[0]?.headers).toMatchObject({
      authorization: `Bearer ${key}`,
      connection: 'close',
      'content-type': 'application/json',
      'x-dashscope-async': 'enable',
    });
    expect(seen[1]?.headers).toMatchObject({ authorization: `Bearer ${key}`, connection: 'close' });
  });

  test('the key does not follow a redirect', async () => {
    let visits = 0;
    const elsewhere = await serve((_, response) => {
      visits += 1;
      response.end(JSON.stringify(created));
    });
    const url = await serve((_, response) =>
      response.writeHead(307, { location: elsewhere }).end(),
    );

    expect(await thrownBy(at(url).submit(job))).toBeInstanceOf(SubmitUnknown);
    expect(await thrownBy(at(url).poll('a-ticket'))).toBeInstanceOf(ProviderBusy);
    expect(visits).toBe(0);
  });
});

describe('a submit that never left', () => {
  test('may be repeated: the connection is refused', async () => {
    expect(await thrownBy(at(await closedPort()).submit(job))).toBeInstanceOf(ProviderBusy);
  });

  test.each([
    ['for want of an address', { syscall: 'getaddrinfo', code: 'ENOTFOUND' }],
    ['on every address', { errors: [{ syscall: 'connect' }, { syscall: 'connect' }] }],
    ['in time', { code: 'UND_ERR_CONNECT_TIMEOUT' }],
  ])('may be repeated: no connection came about %s', async (_, cause) => {
    const fetch = () => Promise.reject(new TypeError('fetch failed', { cause }));
    const provider = dashscope({
      baseUrl: 'https://a.example.com',
      apiKey: async () => key,
      fetch,
    });

    expect(await thrownBy(provider.submit(job))).toBeInstanceOf(ProviderBusy);
  });
});

describe('a submit that may have been accepted', () => {
  const cut: readonly (readonly [string, (socket: Socket) => unknown])[] = [
    ['the connection is reset', (socket) => socket.resetAndDestroy()],
    ['the connection is closed', (socket) => socket.end()],
    ['the answer is no HTTP', (socket) => socket.end('rubbish\r\n\r\n')],
    [
      'the answer breaks off',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"output":'),
    ],
  ];

  test.each(cut)('is never repeated: %s', async (_, answer) => {
    const thrown = await thrownBy(at(await listen(answer)).submit(job));

    expect(thrown).toBeInstanceOf(SubmitUnknown);
    for (const secret of [key, job.prompt, ...job.images]) {
      expect(inspect(thrown, { depth: 9, showHidden: true })).not.toContain(secret);
    }
  });

  test.each(cut)('is unlike a poll, which is: %s', async (_, answer) => {
    const thrown = await thrownBy(at(await listen(answer)).poll('a-ticket'));

    expect(thrown).toBeInstanceOf(ProviderBusy);
  });
});

describe('past the deadline', () => {
  const slow: readonly (readonly [string, (socket: Socket) => unknown])[] = [
    ['nothing came', () => undefined],
    [
      'the body is not whole',
      (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{'),
    ],
  ];

  test.each(slow)('a submit is unclear and a poll may be repeated: %s', async (_, answer) => {
    const provider = at(await listen(answer), 60);

    expect(await thrownBy(provider.submit(job))).toBeInstanceOf(SubmitUnknown);
    expect(await thrownBy(provider.poll('a-ticket'))).toBeInstanceOf(ProviderBusy);
  });
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => unknown) {
  const server = createServer((request, response) => {
    request.resume().once('end', () => answer(request, response));
  });
  onTestFinished(() => server.closeAllConnections());
  return open(server);
}

/** A server below HTTP: it answers a request, once that has arrived, as it likes. */
async function listen(answer: (socket: Socket) => unknown) {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    socket.once('data', () => answer(socket));
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  return open(server);
}

async function open(server: Server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return addressOf(server);
}

async function closedPort() {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = addressOf(server);
  server.close();
  await once(server, 'close');
  return url;
}

function addressOf(server: Server) {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a port');
  return `http://127.0.0.1:${address.port}`;
}
