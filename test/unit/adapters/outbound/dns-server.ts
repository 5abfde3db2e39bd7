import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { ResolveHost } from '../../../../functions/adapters/outbound/guarded-request.ts';

/**
 * What each name resolves to: one list for each query, and the last list from then on. An entry is an
 * address, or another name (a CNAME record).
 */
type Zone = Readonly<Record<string, readonly (readonly string[])[]>>;

const types = { A: 1, CNAME: 5, AAAA: 28 } as const;

const u16 = (...values: readonly number[]) =>
  Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]));

const labels = (name: string) =>
  Buffer.concat(
    [...name.split('.'), ''].map((label) =>
      Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]),
    ),
  );

function nameOf(question: Buffer): string {
  const parts: string[] = [];
  for (let at = 0; question.readUInt8(at) > 0; at += 1 + question.readUInt8(at)) {
    parts.push(question.toString('latin1', at + 1, at + 1 + question.readUInt8(at)));
  }
  return parts.join('.');
}

const addressBytes = (address: string) => Buffer.from(ipaddr.parse(address).toByteArray());

// With a TTL of 0, as a server for DNS rebinding has it.
const record = (name: string, type: number, data: Buffer) =>
  Buffer.concat([labels(name), u16(type, 1, 0, 0, data.length), data]);

/** A local DNS server that serves a zone, and a resolver that queries only this server. */
export async function serveDns(zone: Zone) {
  const queries: string[] = [];

  function recordsFor(name: string, type: number, turn: number): readonly Buffer[] {
    const responses = zone[name] ?? [];
    return (responses[turn] ?? responses.at(-1) ?? []).flatMap((entry) => {
      const family = isIP(entry);
      if (family === 0)
        return [record(name, types.CNAME, labels(entry)), ...recordsFor(entry, type, turn)];
      const isWanted = type === (family === 4 ? types.A : types.AAAA);
      return isWanted ? [record(name, type, addressBytes(entry))] : [];
    });
  }

  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const end = query.indexOf(0, 12) + 5;
    const question = query.subarray(12, end);
    const type = question.readUInt16BE(question.length - 4);
    const name = nameOf(question);
    const key = `${type === types.A ? 'A' : 'AAAA'} ${name}`;
    const records = recordsFor(name, type, queries.filter((one) => one === key).length);
    queries.push(key);
    const header = Buffer.concat([query.subarray(0, 2), u16(0x8180, 1, records.length, 0, 0)]);
    socket.send(Buffer.concat([header, question, ...records]), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');

  const resolver = new Resolver({ timeout: 5000 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  const records = (addresses: Promise<readonly string[]>, family: number) =>
    addresses.then(
      (list) => list.map((address) => ({ address, family })),
      () => [],
    );
  const resolve: ResolveHost = async (name) => {
    const found = [records(resolver.resolve4(name), 4), records(resolver.resolve6(name), 6)];
    return (await Promise.all(found)).flat();
  };

  return {
    queries,
    resolve,
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}
