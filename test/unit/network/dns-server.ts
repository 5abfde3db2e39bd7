import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Resolve } from '../../../functions/network/guarded-lookup.ts';

/**
 * What a name answers, one list after the other and the last one for ever: addresses, or other names
 * that it is called by.
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

// Good for no second at all, as a server that means to change its mind says.
const record = (name: string, type: number, data: Buffer) =>
  Buffer.concat([labels(name), u16(type, 1, 0, 0, data.length), data]);

/** A DNS server on this machine that says what it is told to, and a resolver that asks nobody else. */
export async function serveDns(zone: Zone) {
  const asked: string[] = [];

  function answer(name: string, type: number, turn: number): readonly Buffer[] {
    const answers = zone[name] ?? [];
    return (answers[turn] ?? answers.at(-1) ?? []).flatMap((said) => {
      const family = isIP(said);
      if (family === 0)
        return [record(name, types.CNAME, labels(said)), ...answer(said, type, turn)];
      const isWanted = type === (family === 4 ? types.A : types.AAAA);
      return isWanted ? [record(name, type, addressBytes(said))] : [];
    });
  }

  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const end = query.indexOf(0, 12) + 5;
    const question = query.subarray(12, end);
    const type = question.readUInt16BE(question.length - 4);
    const name = nameOf(question);
    const key = `${type === types.A ? 'A' : 'AAAA'} ${name}`;
    const records = answer(name, type, asked.filter((one) => one === key).length);
    asked.push(key);
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
  const resolve: Resolve = async (name) => {
    const found = [records(resolver.resolve4(name), 4), records(resolver.resolve6(name), 6)];
    return (await Promise.all(found)).flat();
  };

  return {
    asked,
    resolve,
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}
