import { execFile } from 'node:child_process';
import { type RequestListener, setGlobalProxyFromEnv } from 'node:http';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { urlProblem } from '../../../../functions/adapters/outbound/check-url.ts';
import {
  discardBody,
  guardedRequest,
  type OutboundRequest,
} from '../../../../functions/adapters/outbound/guarded-request.ts';
import { saveToTempFile } from '../../../../functions/adapters/outbound/temp-file.ts';
import { hosts, invalidHosts } from './hostile.ts';
import { serve } from './server.ts';

const options: OutboundRequest = {
  method: 'GET',
  headers: {},
  rules: { allowLoopback: true },
  redirects: 3,
  deadlineMs: 5000,
};

const hello: RequestListener = (_request, response) => {
  response.setHeader('x-more', 'yes').end('hello');
};
const redirect =
  (location: string, status = 302): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { location }).end('elsewhere');
  };
const text = async (body: Readable) => Buffer.concat(await body.toArray()).toString();
const addresses = (...list: string[]) => list.map((address) => ({ address, family: 4 }));

describe('a request', () => {
  test('returns status, headers, body and the URL that responded', async () => {
    await using server = await serve(hello);

    const response = await guardedRequest(`${server.url}/a?b=c`, {
      ...options,
      headers: { accept: 'image/*' },
    });

    expect(response).toMatchObject({
      status: 200,
      headers: { 'x-more': 'yes' },
      url: `${server.url}/a?b=c`,
    });
    expect(await text(response.body)).toBe('hello');
    expect(server.requests).toMatchObject([
      {
        method: 'GET',
        url: '/a?b=c',
        headers: { accept: 'image/*', 'accept-encoding': 'identity', connection: 'close' },
      },
    ]);
  });

  test('posts exactly the bytes of its body', async () => {
    await using server = await serve(hello);

    const { status } = await guardedRequest(server.url, {
      ...options,
      method: 'POST',
      body: '{"ü":1}',
    });

    expect(status).toBe(200);
    expect(server.requests).toMatchObject([
      { method: 'POST', body: '{"ü":1}', headers: { 'content-length': '8' } },
    ]);
  });

  test('returns an error of the server like any response', async () => {
    await using server = await serve((_request, response) => response.writeHead(503).end());

    expect(await guardedRequest(server.url, options)).toMatchObject({ status: 503 });
  });

  test('never uses a proxy of the environment', async () => {
    await using server = await serve(hello);
    await using proxy = await serve(hello);
    const restore = setGlobalProxyFromEnv({ HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url });

    await guardedRequest(server.url, options).finally(restore);

    expect([server.connections(), proxy.connections()]).toEqual([1, 0]);
  });
});

describe('a process whose environment names a proxy', () => {
  const plain = (url: string) => `
    import { get } from 'node:http';
    get('${url}', { headers: { connection: 'close' } }, (response) => {
      console.log(response.resume().statusCode);
    });
  `;
  const guarded = (url: string) => `
    import { guardedRequest } from './functions/adapters/outbound/guarded-request.ts';
    const { status, body } = await guardedRequest('${url}', ${JSON.stringify(options)});
    console.log(status);
    body.destroy();
  `;
  const run = async (proxy: string, code: string) => {
    const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy'];
    const env = {
      NODE_USE_ENV_PROXY: '1',
      ...Object.fromEntries(names.map((one) => [one, proxy])),
    };
    const node = [process.execPath, ['--input-type=module', '--eval', code]] as const;
    return (await promisify(execFile)(...node, { env })).stdout.trim();
  };

  test('uses it for every other client, and never for a guarded request', async () => {
    await using server = await serve(hello);
    await using proxy = await serve((_request, response) => response.writeHead(203).end());

    expect(await run(proxy.url, plain(server.url))).toBe('203');
    expect([server.connections(), proxy.connections()]).toEqual([0, 1]);

    expect(await run(proxy.url, guarded(server.url))).toBe('200');
    expect([server.connections(), proxy.connections()]).toEqual([1, 1]);
  });
});

describe('a URL that is not allowed', () => {
  test('is rejected before there is a connection', async () => {
    await using server = await serve(hello);

    await expect(guardedRequest(server.url, { ...options, rules: {} })).rejects.toMatchObject({
      name: 'AddressNotAllowed',
      message: 'must be an https address',
    });
    expect(server.connections()).toBe(0);
  });

  test.each([
    ['a private address beside this machine', addresses('127.0.0.1', '10.0.0.1')],
    ['this machine behind a public address', addresses('1.1.1.1', '127.0.0.1')],
  ])(
    'is rejected when its name resolves to %s, and there is no connection',
    async (_name, resolved) => {
      await using server = await serve(hello);
      const lookup = async () => resolved;

      await expect(
        guardedRequest(`http://localhost:${server.port}`, { ...options, lookup }),
      ).rejects.toMatchObject({
        name: 'AddressNotAllowed',
        message: 'must not point to a private address',
      });
      expect(server.connections()).toBe(0);
    },
  );

  test.each([[addresses('127.0.0.1')], [addresses('1.1.1.1', '169.254.169.254')]])(
    'is rejected when a public name resolves to %j',
    async (resolved) => {
      await expect(
        guardedRequest('https://pictures.example/', { ...options, lookup: async () => resolved }),
      ).rejects.toMatchObject({ name: 'AddressNotAllowed' });
    },
  );

  test('gains nothing by resolving differently the next time', async () => {
    await using server = await serve((request, response) =>
      (request.url === '/again' ? hello : redirect('/again'))(request, response),
    );
    const lookups = [addresses('127.0.0.1'), addresses('10.0.0.1')];
    const lookup = async () => lookups.shift() ?? [];

    const request = guardedRequest(`http://localhost:${server.port}/`, { ...options, lookup });

    await expect(request).rejects.toMatchObject({ name: 'AddressNotAllowed' });
    expect(server.connections()).toBe(1);
    expect(lookups).toEqual([]);
  });

  test('is resolved once for each connection, which is made to the addresses that were checked', async () => {
    await using server = await serve(hello);
    const names: string[] = [];
    const lookup = async (name: string) => {
      names.push(name);
      return addresses('127.0.0.1');
    };

    await guardedRequest(`http://localhost:${server.port}/`, { ...options, lookup });

    expect([names, server.connections()]).toEqual([['localhost'], 1]);
  });
});

describe('a redirect', () => {
  test.each([301, 302, 303, 307, 308])(
    'with %i is followed by a GET without credentials',
    async (status) => {
      await using target = await serve(hello);
      await using server = await serve(redirect(`${target.url}/there`, status));
      const headers = { authorization: 'Bearer secret', accept: 'image/*' };

      const response = await guardedRequest(server.url, { ...options, headers });

      expect(response).toMatchObject({ status: 200, url: `${target.url}/there` });
      expect(server.requests[0]?.headers).toMatchObject(headers);
      expect(target.requests[0]?.headers).toMatchObject({ accept: 'image/*' });
      expect(target.requests[0]?.headers).not.toHaveProperty('authorization');
    },
  );

  test('is the response to a POST, and its target does not get the body', async () => {
    await using target = await serve(hello);
    await using server = await serve(redirect(target.url, 307));

    const response = await guardedRequest(server.url, {
      ...options,
      method: 'POST',
      body: 'secret',
    });

    expect(response.status).toBe(307);
    expect(target.connections()).toBe(0);
  });

  test('without a location is a response', async () => {
    await using server = await serve((_request, response) => response.writeHead(302).end());

    expect(await guardedRequest(server.url, options)).toMatchObject({ status: 302 });
  });

  test.each([
    'http://10.0.0.1/',
    'http://169.254.169.254/latest/meta-data/',
    'https://[::ffff:127.0.0.1]/',
    'https://2852039166/',
    'https://metadata.google.internal/',
    'file:///etc/passwd',
  ])('to %s is not allowed', async (location) => {
    await using server = await serve(redirect(location));

    await expect(guardedRequest(server.url, options)).rejects.toMatchObject({
      name: 'AddressNotAllowed',
      message: expect.stringMatching(/^redirects, and its target must /),
    });
  });

  test('to any hostile host that fits into a header is not allowed, and costs one connection', async () => {
    const spellings = Object.values({ ...hosts, ...invalidHosts })
      .flat()
      .filter((host) => /^[!-~]+$/.test(host) && urlProblem(`https://${host}/`, options.rules));
    await using server = await serve((request, response) =>
      redirect(`https://${spellings[Number(request.url?.slice(1))]}/`)(request, response),
    );

    for (const index of spellings.keys()) {
      const request = guardedRequest(`${server.url}/${index}`, options);

      await expect(request, spellings[index]).rejects.toMatchObject({
        message: expect.stringMatching(/^redirects/),
      });
    }
    expect(spellings.length).toBeGreaterThan(150);
    expect(server.connections()).toBe(spellings.length);
  });

  test('that loops ends after as many redirects as are allowed', async () => {
    await using server = await serve((request, response) =>
      redirect(request.url === '/a' ? '/b' : '/a')(request, response),
    );

    await expect(guardedRequest(`${server.url}/a`, options)).rejects.toMatchObject({
      message: 'redirects too many times',
    });
    expect(server.connections()).toBe(4);
  });

  test('is followed as often as allowed and no more', async () => {
    await using server = await serve((request, response) => {
      const left = Number(request.url?.slice(1));
      (left === 0 ? hello : redirect(`/${left - 1}`))(request, response);
    });

    expect(await guardedRequest(`${server.url}/3`, options)).toMatchObject({ status: 200 });
    await expect(guardedRequest(`${server.url}/4`, options)).rejects.toMatchObject({
      name: 'Unreachable',
      message: 'redirects too many times',
    });
  });
});

describe('the deadline', () => {
  const soon = { ...options, deadlineMs: 300 };
  const late = { name: 'Unreachable', message: 'took too long to answer' };

  test('ends a request to a server that does not respond', async () => {
    await using server = await serve(() => {});

    await expect(guardedRequest(server.url, soon)).rejects.toMatchObject(late);
  });

  test('ends a lookup that never resolves', async () => {
    const lookup = () => new Promise<never>(() => {});

    await expect(
      guardedRequest('https://pictures.example/', { ...soon, lookup }),
    ).rejects.toMatchObject(late);
  });

  test('ends a body that arrives too slowly', async () => {
    await using server = await serve((_request, response) => {
      response.write('the first bytes');
    });

    const { body } = await guardedRequest(server.url, soon);

    await expect(saveToTempFile(body, { maxBytes: 1000 })).rejects.toMatchObject(late);
  });

  test('ends the discarding of a body without an error', async () => {
    await using server = await serve((_request, response) => {
      response.write('the first bytes');
    });
    const { body } = await guardedRequest(server.url, soon);

    await discardBody(body, 1000);

    expect(body.destroyed).toBe(true);
  });

  test('covers all redirects', async () => {
    await using server = await serve(redirect('/again'));

    await expect(
      guardedRequest(server.url, { ...soon, redirects: Number.POSITIVE_INFINITY }),
    ).rejects.toMatchObject(late);
  });

  test('throws nothing when the body was never read', async () => {
    await using server = await serve((_request, response) => {
      response.write('the first bytes');
    });
    const { body } = await guardedRequest(server.url, soon);

    await new Promise((resolve) => body.once('close', resolve));

    expect(body.destroyed).toBe(true);
  });
});

describe('a server that cannot be reached', () => {
  test('is reported as one that refused the connection', async () => {
    const server = await serve(hello);
    await server[Symbol.asyncDispose]();

    await expect(guardedRequest(server.url, options)).rejects.toMatchObject({
      name: 'Unreachable',
      message: 'refused the connection',
    });
  });

  test('is reported as one that does not speak TLS', async () => {
    await using server = await serve(hello);

    await expect(
      guardedRequest(`https://127.0.0.1:${server.port}/`, options),
    ).rejects.toMatchObject({
      name: 'Unreachable',
      message: 'could not be reached over TLS; its certificate must be valid',
    });
  });

  test.each([
    ['closes at once', '', 'closed the connection too early'],
    ['speaks something else', 'SSH-2.0-OpenSSH_9.6\r\n', 'did not answer in proper HTTP'],
    [
      'wants another protocol',
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n',
      'closed the connection without an answer',
    ],
  ])('is reported as one that %s', async (_name, bytes, message) => {
    await using server = await serve((request) => request.socket.end(bytes));

    await expect(guardedRequest(server.url, options)).rejects.toMatchObject({
      name: 'Unreachable',
      message,
    });
  });

  test('is reported as one whose name cannot be resolved', async () => {
    const lookup = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));

    await expect(
      guardedRequest('https://pictures.example/', { ...options, lookup }),
    ).rejects.toMatchObject({ message: 'has a host name that cannot be resolved' });
  });
});

describe('discarding a body', () => {
  test('stops an endless body and closes the connection', async () => {
    await using server = await serve((_request, response) => {
      const pour = () => {
        while (response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', pour);
      pour();
    });
    const { body } = await guardedRequest(server.url, options);

    await discardBody(body, 100_000);

    expect(body.destroyed).toBe(true);
  });

  test('reads no more than the limit and one chunk', async () => {
    let poured = 0;
    const endless = async function* () {
      for (;;) {
        poured += 1024;
        yield Buffer.alloc(1024);
      }
    };
    const body = Readable.from(endless(), { objectMode: false, highWaterMark: 1024 });

    await discardBody(body, 65_536);

    expect(body.destroyed).toBe(true);
    expect(poured).toBeLessThanOrEqual(65_536 + 2 * 1024);
  });

  test('closes the connection at once when the limit is 0', async () => {
    await using server = await serve(hello);
    const { body } = await guardedRequest(server.url, options);

    await discardBody(body, 0);

    expect(body.destroyed).toBe(true);
  });

  test('reads a short body to its end', async () => {
    await using server = await serve(hello);
    const { body } = await guardedRequest(server.url, options);

    await discardBody(body, 100);

    expect(body.readableEnded).toBe(true);
  });
});
