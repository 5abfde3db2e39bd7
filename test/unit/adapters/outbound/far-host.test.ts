import dns from 'node:dns';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { guardedRequest } from '../../../../functions/adapters/outbound/guarded-request.ts';
import { upstream } from '../../../../functions/adapters/providers/upstream.ts';
import '../../../../functions/runtime/network.ts';

// A server that is so busy that the system drops the first SYN of a connection. It is sent again after a second, as
// when it was lost on the way to a host on another continent.
const busyServer = `
  const { createServer } = require('node:http');
  const { parentPort, workerData } = require('node:worker_threads');
  const server = createServer((_request, response) => response.end('{"far":true}'));
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(workerData), 0, 0);
  });`;

/** The port of the server, which accepts connections from the moment \`accept\` is called. */
async function farHost() {
  const gate = new SharedArrayBuffer(4);
  const worker = new Worker(busyServer, { eval: true, workerData: gate });
  const [port]: unknown[] = await once(worker, 'message');
  const fillers = Array.from({ length: 8 }, () => connect(Number(port), '127.0.0.1'));
  for (const filler of fillers) filler.on('error', () => {});
  onTestFinished(async () => {
    for (const filler of fillers) filler.destroy();
    await worker.terminate();
  });
  await once(fillers[0] ?? worker, 'connect');
  return {
    port: Number(port),
    accept: () => {
      for (const filler of fillers) filler.destroy();
      Atomics.store(new Int32Array(gate), 0, 1);
      Atomics.notify(new Int32Array(gate), 0);
    },
  };
}

// In Lambda the address of IPv6 comes last and cannot be reached. Here nobody listens at it.
const dualStack = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

test('a dual-stack host is reached although its connection takes longer than Node gives it', async () => {
  const { port, accept } = await farHost();
  setTimeout(accept, 500);

  const { status } = await guardedRequest(`http://localhost:${port}/`, {
    method: 'GET',
    headers: {},
    rules: { allowLoopback: true },
    redirects: 0,
    deadlineMs: 10_000,
    lookup: async () => dualStack,
  });

  expect(status).toBe(200);
});

test('a provider, which fetch resolves itself, is reached in the same way', async () => {
  const { port, accept } = await farHost();
  const { lookup } = dns;
  onTestFinished(() => void Object.assign(dns, { lookup }));
  const resolve = (_host: string, _options: object, done: (error: null, all: object) => void) =>
    done(null, dualStack);
  Object.assign(dns, { lookup: resolve });
  setTimeout(accept, 500);
  const access = { baseUrl: `http://far.example.com:${port}`, apiKey: async () => 'key' };

  expect(await upstream('Bearer', access).get('/', AbortSignal.timeout(10_000))).toMatchObject({
    body: { far: true },
  });
});
