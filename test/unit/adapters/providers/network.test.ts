import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { dashscope } from '../../../../functions/adapters/providers/dashscope/adapter.ts';
import { evolink } from '../../../../functions/adapters/providers/evolink/adapter.ts';
import { fal } from '../../../../functions/adapters/providers/fal/adapter.ts';
import type { Access } from '../../../../functions/adapters/providers/upstream.ts';
import {
  ProviderBusy,
  ProviderRejected,
  SubmitUnknown,
} from '../../../../functions/domain/model/workflow-errors.ts';
import dashscopeCreated from '../../../fixtures/dashscope/created.json' with { type: 'json' };
import dashscopeRunning from '../../../fixtures/dashscope/running.json' with { type: 'json' };
import evolinkCreated from '../../../fixtures/evolink/created.json' with { type: 'json' };
import evolinkRunning from '../../../fixtures/evolink/processing.json' with { type: 'json' };
import falRunning from '../../../fixtures/fal/in-progress.json' with { type: 'json' };
import falCreated from '../../../fixtures/fal/queued.json' with { type: 'json' };
import plainJob from '../../../fixtures/job.json' with { type: 'json' };
import { thrownBy } from '../../../support/thrown-by.ts';
import { closedPort, listen, serve } from './servers.ts';
import { key, leaksOf } from './upstream.ts';

const model = 'fal-ai/wan-25-preview/image-to-image'; // fal's is a part of the path
const job = { ...plainJob, model, webhookUrl: 'https://api.example.com/callbacks/secret' };

const providers = [
  {
    name: 'dashscope',
    make: dashscope,
    scheme: 'Bearer',
    created: dashscopeCreated,
    ticket: dashscopeCreated.output.task_id,
    running: dashscopeRunning,
    requests: [
      'POST /api/v1/services/aigc/image2image/image-synthesis',
      'GET /api/v1/tasks/a-ticket',
    ],
  },
  {
    name: 'evolink',
    make: evolink,
    scheme: 'Bearer',
    created: evolinkCreated,
    ticket: evolinkCreated.id,
    running: evolinkRunning,
    requests: ['POST /v1/images/generations', 'GET /v1/tasks/a-ticket'],
  },
  {
    name: 'fal',
    make: fal,
    scheme: 'Key',
    created: falCreated,
    ticket: falCreated.request_id,
    running: falRunning,
    requests: [
      'POST /fal-ai/wan-25-preview/image-to-image?fal_webhook=https%3A%2F%2Fapi.example.com%2Fcallbacks%2Fsecret',
      'GET /fal-ai/wan-25-preview/requests/a-ticket/status',
    ],
  },
];

describe.each(providers)('$name', ({ make, scheme, created, ticket, running, requests }) => {
  const at = (baseUrl: string, access: Partial<Access> = {}) =>
    make({ baseUrl, apiKey: async () => key, deadlineMs: 5000, ...access });

  describe('over a real connection', () => {
    test('a submit and a poll arrive unchanged, each on a connection of its own', async () => {
      const seen: IncomingMessage[] = [];
      const url = await serve((request, response) => {
        seen.push(request);
        response.end(JSON.stringify(request.method === 'POST' ? created : running));
      });

      await expect(at(url).submit(job)).resolves.toBe(ticket);
      await expect(at(url).poll('a-ticket')).resolves.toEqual({ state: 'running' });

      expect(seen.map(({ method, url: path }) => `${method} ${path}`)).toEqual(requests);
      const headers = { authorization: `${scheme} ${key}`, connection: 'close' };
      expect(seen[0]?.headers).toMatchObject({ ...headers, 'content-type': 'application/json' });
      expect(seen[1]?.headers).toMatchObject(headers);
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

  describe('a submit that was not sent', () => {
    test('may be repeated: the connection is refused', async () => {
      expect(await thrownBy(at(await closedPort()).submit(job))).toBeInstanceOf(ProviderBusy);
    });

    test.each([
      ['because the host has no address', { syscall: 'getaddrinfo', code: 'ENOTFOUND' }],
      ['on every address', { errors: [{ syscall: 'connect' }, { syscall: 'connect' }] }],
      ['in time', { code: 'UND_ERR_CONNECT_TIMEOUT' }],
    ])('may be repeated: there was no connection %s', async (_, cause) => {
      const fetch = () => Promise.reject(new TypeError('fetch failed', { cause }));
      const thrown = await thrownBy(at('https://a.example.com', { fetch }).submit(job));

      expect(thrown).toBeInstanceOf(ProviderBusy);
    });
  });

  describe('a submit that may have been accepted', () => {
    const cut: readonly (readonly [string, (socket: Socket) => unknown])[] = [
      ['the connection is reset', (socket) => socket.resetAndDestroy()],
      ['the connection is closed', (socket) => socket.end()],
      ['the answer is no HTTP', (socket) => socket.end('rubbish\r\n\r\n')],
      [
        'the response breaks off',
        (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"output":'),
      ],
      [
        'the response is not JSON',
        (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>'),
      ],
    ];

    test.each(cut)('is sent once and never repeated: %s', async (_, respond) => {
      const { url, sockets } = await listen(respond);

      const thrown = await thrownBy(at(url).submit(job));

      expect(thrown).toBeInstanceOf(SubmitUnknown);
      expect(sockets).toHaveLength(1);
      expect(leaksOf(thrown)).toEqual([]);
    });

    test.each(cut)('differs from a poll, which may be repeated: %s', async (_, respond) => {
      const { url } = await listen(respond);

      expect(await thrownBy(at(url).poll('a-ticket'))).toBeInstanceOf(ProviderBusy);
    });
  });

  describe('an answer without end', () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '));
    const respond = (sent: { bytes: number }) =>
      serve((_, response) => {
        const pour = () => {
          do sent.bytes += 65_536;
          while (response.write(Buffer.alloc(65_536, ' ')));
        };
        response.on('drain', pour);
        pour();
      });

    test('is cut off after a megabyte: a submit is unknown and a poll may be repeated', async () => {
      const sent = { bytes: 0 };
      const url = await respond(sent);

      expect(await thrownBy(at(url).submit(job))).toBeInstanceOf(SubmitUnknown);
      expect(await thrownBy(at(url).poll('a-ticket'))).toBeInstanceOf(ProviderBusy);
      // The system's buffers hold some bytes beside those that were read.
      expect(sent.bytes).toBeLessThan(32 * 1024 * 1024);
    });

    test('that is compressed is cut off after a megabyte of unpacked bytes', async () => {
      const url = await serve((_, response) =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
      );
      const { arrayBuffers: before } = process.memoryUsage();

      expect(await thrownBy(at(url).poll('a-ticket'))).toBeInstanceOf(ProviderBusy);

      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
    });

    test('is not the same as a short compressed answer, which is read', async () => {
      const url = await serve((_, response) =>
        response
          .writeHead(200, { 'content-encoding': 'gzip' })
          .end(gzipSync(JSON.stringify(running))),
      );

      expect(await at(url).poll('a-ticket')).toEqual({ state: 'running' });
    });

    test('in the form of a ticket that is too long leaves the submit unknown', async () => {
      const withTicket = (length: number) =>
        JSON.stringify(created).replaceAll(ticket, 'a'.repeat(length));
      const url = await serve((_, response) => response.end(withTicket(257)));

      expect(await thrownBy(at(url).submit(job))).toBeInstanceOf(SubmitUnknown);
    });
  });

  describe('past the deadline', () => {
    const slow: readonly (readonly [string, (socket: Socket) => unknown])[] = [
      ['nothing came', () => undefined],
      [
        'the body is incomplete',
        (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{'),
      ],
    ];

    test.each(slow)('a submit is unknown and a poll may be repeated: %s', async (_, respond) => {
      const { url, sockets } = await listen(respond);
      const provider = at(url, { deadlineMs: 60 });

      expect(await thrownBy(provider.submit(job))).toBeInstanceOf(SubmitUnknown);
      expect(sockets).toHaveLength(1);
      expect(await thrownBy(provider.poll('a-ticket'))).toBeInstanceOf(ProviderBusy);
    });
  });

  test('a poll does not wait longer than it may: the next one is about to begin', async () => {
    const { url } = await listen(() => undefined);

    const started = performance.now();
    expect(await thrownBy(at(url, { deadlineMs: 60_000 }).poll('a-ticket', 60))).toBeInstanceOf(
      ProviderBusy,
    );

    expect(performance.now() - started).toBeLessThan(30_000);
  });

  test('a poll whose time is over before it has begun may be repeated', async () => {
    const { url } = await listen(() => undefined);
    const provider = at(url, { deadlineMs: 60_000 });

    expect(await thrownBy(provider.poll('a-ticket', -75))).toBeInstanceOf(ProviderBusy);
  });

  test.each([
    ['30', 30],
    ['0', 0],
    ['Wed, 21 Oct 2015 07:28:00 GMT', undefined],
    ['Wed, 21 Oct 2195 07:28:00 GMT', expect.any(Number)],
    ['soon', undefined],
    ['', undefined],
  ])('a poll says when it may be repeated: Retry-After "%s" is %s s', async (value, seconds) => {
    const url = await serve((_, response) =>
      response.writeHead(503, { 'Retry-After': value }).end('{}'),
    );

    const thrown = await thrownBy(at(url).poll('a-ticket'));

    expect(thrown).toBeInstanceOf(ProviderBusy);
    expect(thrown).toMatchObject({ retryAfterSeconds: seconds });
  });

  describe('the key', () => {
    const noFetch = () => Promise.reject(new Error('must not be called'));

    test.each([
      ['cannot be read', () => Promise.reject(new Error('no such secret'))],
      ['is empty', async () => ' '],
      ['holds what no header can carry', async () => `${key}\n${key}`],
    ])('that %s sends nothing, and the submit may be repeated', async (_, apiKey) => {
      const provider = at('https://a.example.com', { apiKey, fetch: noFetch });

      const thrown = await thrownBy(provider.submit(job));

      expect(thrown).toBeInstanceOf(ProviderBusy);
      expect(leaksOf(thrown)).toEqual([]);
    });

    test('that does not exist rejects a submit, and lets a running job go on', async () => {
      const none = new ProviderRejected({ code: 'service_unavailable', message: 'No key.' });
      const apiKey = () => Promise.reject(none);
      const provider = at('https://a.example.com', { apiKey, fetch: noFetch });

      expect(await thrownBy(provider.submit(job))).toBe(none);
      expect(await thrownBy(provider.poll('a-ticket'))).toBeInstanceOf(ProviderBusy);
    });
  });
});
