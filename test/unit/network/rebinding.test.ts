import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import http from 'node:http';
import type { LookupFunction, Socket } from 'node:net';
import { expect, test } from 'vitest';
import { guardedLookup, type Resolve } from '../../../functions/network/guarded-lookup.ts';
import { guardedRequest } from '../../../functions/network/guarded-request.ts';
import { serveDns } from './dns-server.ts';
import { serve } from './server.ts';

// Public, and led nowhere for years.
const far = '192.0.1.1';
const far6 = '3ffe::1';
const here = '127.0.0.1';

// What a socket has inside, which its types do not tell.
type Inner = { readonly _handle: object };

const refused = -111; // as the system says it
const toNowhere = { connect: () => refused, connect6: () => refused };

/** Where connections are begun. Those that would leave this machine come to nothing. */
function watchConnections() {
  const begun: string[] = [];
  const watch = (message: unknown) => {
    const { socket } = message as { socket: Socket & Inner }; // what this channel carries
    // Told just before it happens.
    socket.on('connectionAttempt', (address: string) => {
      begun.push(address);
      if (address !== here) Object.assign(socket._handle, toNowhere);
    });
  };
  subscribe('net.client.socket', watch);
  return { begun, [Symbol.dispose]: () => unsubscribe('net.client.socket', watch) };
}

const request = (name: string, lookup: Resolve) =>
  guardedRequest(`http://${name}/`, {
    method: 'GET',
    headers: {},
    rules: { http: true },
    redirects: 3,
    deadlineMs: 10_000,
    lookup,
  });

/** Connects to a port where somebody listens, which a guarded request would not do. */
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

  expect(await connect(name, listener.port, guardedLookup({}, dns.resolve))).toBe('AddressRefused');
  await expect(request(name, dns.resolve)).rejects.toMatchObject({ name: 'AddressRefused' });

  expect(dns.asked).toContain(`A ${name}`);
  expect([connections.begun, listener.connections()]).toEqual([[], 0]);
});

test('without the guard such a name does reach this machine', async () => {
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

test('a name that changes its mind is connected to where it was judged, and refused the next time', async () => {
  await using listener = await serve((_request, response) => response.end());
  await using dns = await serveDns({ 'rebind.example': [[far], [here]] });
  using connections = watchConnections();

  await expect(request('rebind.example', dns.resolve)).rejects.toMatchObject({
    name: 'Unreachable',
  });

  expect(dns.asked.toSorted()).toEqual(['A rebind.example', 'AAAA rebind.example']);
  expect(connections.begun).toEqual([far]);

  await expect(request('rebind.example', dns.resolve)).rejects.toMatchObject({
    name: 'AddressRefused',
  });
  const guarded = guardedLookup({}, dns.resolve);
  expect(await connect('rebind.example', listener.port, guarded)).toBe('AddressRefused');

  expect(connections.begun).toEqual([far]);
  expect(listener.connections()).toBe(0);
});

test('a name that changes its mind behind an alias gains no more', async () => {
  await using dns = await serveDns({
    'www.example': [['rebind.example']],
    'rebind.example': [[far6], [far, '::1']],
  });
  using connections = watchConnections();

  await expect(request('www.example', dns.resolve)).rejects.toMatchObject({ name: 'Unreachable' });
  await expect(request('www.example', dns.resolve)).rejects.toMatchObject({
    name: 'AddressRefused',
  });

  expect(connections.begun).toEqual([far6]);
});

test('a name without an address is one that cannot be reached', async () => {
  await using dns = await serveDns({});

  await expect(request('nobody.example', dns.resolve)).rejects.toMatchObject({
    name: 'Unreachable',
    message: 'has a host name without an address',
  });
});
