import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import http from 'node:http';
import type { LookupFunction, Socket } from 'node:net';
import { expect, test } from 'vitest';
import {
  guardedLookup,
  guardedRequest,
  type ResolveHost,
} from '../../../../functions/adapters/outbound/guarded-request.ts';
import { serveDns } from './dns-server.ts';
import { serve } from './server.ts';

// A public address that nothing has listened at for years.
const far = '192.0.1.1';
const far6 = '3ffe::1';
const here = '127.0.0.1';

// Internals of a socket that its types do not declare.
type Inner = { readonly _handle: object };

const refused = -111; // ECONNREFUSED
const toNowhere = { connect: () => refused, connect6: () => refused };

/** Records where connections are opened. Those to other machines fail. */
function watchConnections() {
  const begun: string[] = [];
  const watch = (message: unknown) => {
    const { socket } = message as { socket: Socket & Inner }; // what this diagnostics channel publishes
    // The channel publishes just before the connection is opened.
    socket.on('connectionAttempt', (address: string) => {
      begun.push(address);
      if (address !== here) Object.assign(socket._handle, toNowhere);
    });
  };
  subscribe('net.client.socket', watch);
  return { begun, [Symbol.dispose]: () => unsubscribe('net.client.socket', watch) };
}

const request = (name: string, lookup: ResolveHost) =>
  guardedRequest(`http://${name}/`, {
    method: 'GET',
    headers: {},
    rules: { http: true },
    redirects: 3,
    deadlineMs: 10_000,
    lookup,
  });

/** Connects to a port with a listener, which a guarded request would not do. */
function connect(name: string, port: number, lookup: LookupFunction): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const sent = http.get({ host: name, port, agent: new http.Agent({ lookup }) });
  sent.on('response', (response) => resolve(`answered ${response.resume().statusCode}`));
  sent.on('error', ({ name: error }) => resolve(error));
  return promise;
}

const names = {
  'private.example': [[here]],
  'last.example': [[far, '1.1.1.1', here]],
  'first.example': [['10.0.0.1', far]],
  'private6.example': [[far, '::1']],
  'public6.example': [[far6, here]],
  'mapped.example': [['::ffff:127.0.0.1', far]],
  'metadata.example': [['169.254.169.254', 'fd00:ec2::254']],
  'alias.example': [['private.example']],
  'chain.example': [['chain-2.example']],
  'chain-2.example': [['chain-3.example']],
  'chain-3.example': [['last.example']],
  'chain6.example': [['private6.example']],
};

test.each(Object.keys(names))('a name like %s never gets a connection', async (name) => {
  await using listener = await serve((_request, response) => response.end());
  await using dns = await serveDns(names);
  using connections = watchConnections();

  expect(await connect(name, listener.port, guardedLookup({}, dns.resolve))).toBe(
    'AddressNotAllowed',
  );
  await expect(request(name, dns.resolve)).rejects.toMatchObject({ name: 'AddressNotAllowed' });

  expect(dns.queries).toContain(`A ${name}`);
  expect([connections.begun, listener.connections()]).toEqual([[], 0]);
});

test('without the guard such a name reaches a loopback address', async () => {
  using connections = watchConnections();
  await using listener = await serve((_request, response) => response.end());
  await using dns = await serveDns(names);
  const unguarded: LookupFunction = (name, _options, done) => {
    dns.resolve(name).then(
      (found) => done(null, [...found]),
      (error: Error) => done(error, []),
    );
  };

  expect(await connect('chain.example', listener.port, unguarded)).toBe('answered 200');
  expect(connections.begun).toEqual([far, '1.1.1.1', here]);
});

test('a name that resolves differently the next time is connected to the checked address, and then rejected', async () => {
  await using listener = await serve((_request, response) => response.end());
  await using dns = await serveDns({ 'rebind.example': [[far], [here]] });
  using connections = watchConnections();

  await expect(request('rebind.example', dns.resolve)).rejects.toMatchObject({
    name: 'Unreachable',
  });

  expect(dns.queries.toSorted()).toEqual(['A rebind.example', 'AAAA rebind.example']);
  expect(connections.begun).toEqual([far]);

  await expect(request('rebind.example', dns.resolve)).rejects.toMatchObject({
    name: 'AddressNotAllowed',
  });
  const guarded = guardedLookup({}, dns.resolve);
  expect(await connect('rebind.example', listener.port, guarded)).toBe('AddressNotAllowed');

  expect(connections.begun).toEqual([far]);
  expect(listener.connections()).toBe(0);
});

test('an alias of a name that resolves differently the next time is rejected as well', async () => {
  await using dns = await serveDns({
    'www.example': [['rebind.example']],
    'rebind.example': [[far6], [far, '::1']],
  });
  using connections = watchConnections();

  await expect(request('www.example', dns.resolve)).rejects.toMatchObject({ name: 'Unreachable' });
  await expect(request('www.example', dns.resolve)).rejects.toMatchObject({
    name: 'AddressNotAllowed',
  });

  expect(connections.begun).toEqual([far6]);
});

test('a name without an address cannot be reached', async () => {
  await using dns = await serveDns({});

  await expect(request('nobody.example', dns.resolve)).rejects.toMatchObject({
    name: 'Unreachable',
    message: 'has a host name without an address',
  });
});
