import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { guardedRequest } from '../../../../functions/adapters/outbound/guarded-request.ts';
import { selfSigned } from './certificate.ts';
import { serve } from './server.ts';

const trust = (...certificates: readonly string[]) => {
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, ...certificates]);
  onTestFinished(() => setDefaultCACertificates(before));
};
const ask = (url: string) =>
  guardedRequest(url, {
    method: 'POST',
    headers: {},
    body: 'secret',
    redirects: 0,
    deadlineMs: 10_000,
    rules: { allowLoopback: true },
  });

const here = [127, 0, 0, 1] as const;

test('a request is sent to a server whose certificate is trusted, valid now and made for the host', async () => {
  const made = selfSigned({ ip: here });
  trust(made.cert);
  await using server = await serve((_request, response) => response.end(), made);

  expect(await ask(server.url)).toMatchObject({ status: 200 });
  expect(server.requests).toMatchObject([{ body: 'secret' }]);
});

test.each([
  ['that is self-signed', selfSigned({ ip: here }), false],
  ['for another address', selfSigned({ ip: [127, 0, 0, 2] }), true],
  ['for another name', selfSigned({ name: 'example.com' }), true],
  ['for the address as if it were a name', selfSigned({ name: '127.0.0.1' }), true],
  ['for nothing at all', selfSigned({}), true],
  ['whose time is over', selfSigned({ ip: here, until: 2021 }), true],
])('nothing is sent to a server with a certificate %s', async (_which, made, isTrusted) => {
  if (isTrusted) trust(made.cert);
  await using server = await serve((_request, response) => response.end(), made);

  await expect(ask(server.url)).rejects.toMatchObject({
    name: 'Unreachable',
    message: 'could not be reached over TLS; its certificate must be valid',
  });
  expect(server.connections()).toBe(1);
  expect(server.requests).toEqual([]);
});

test('the environment cannot turn the check of certificates off', async () => {
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  onTestFinished(() => {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
  });
  await using server = await serve((_request, response) => response.end(), selfSigned({}));

  await expect(ask(server.url)).rejects.toMatchObject({ name: 'Unreachable' });
});
