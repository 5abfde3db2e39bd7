import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

// DER by hand: Node can read certificates but not make them.
const der = (tag: number, ...parts: readonly Uint8Array[]) => {
  const body = Buffer.concat(parts);
  const long = Buffer.from([0x82, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([
    Buffer.from([tag]),
    body.length < 128 ? Buffer.from([body.length]) : long,
    body,
  ]);
};
const sequence = (...parts: readonly Uint8Array[]) => der(0x30, ...parts);
const integer = (value: number) => der(0x02, Buffer.from([value]));
const identifier = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const year = (value: number) => der(0x18, Buffer.from(`${value}0101000000Z`));

const ecdsaWithSha256 = sequence(identifier('2a8648ce3d040302'));
const commonName = identifier('550403');
const alternativeNames = identifier('551d11');
const isVersion3 = der(0xa0, integer(2));

type Wanted = { readonly ip?: readonly number[]; readonly name?: string; readonly until?: number };

function unsigned(publicKey: KeyObject, { ip, name, until = 2100 }: Wanted): Buffer {
  const called = sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from('darkroom test')))));
  const names = [
    ...(ip ? [der(0x87, Buffer.from(ip))] : []),
    ...(name === undefined ? [] : [der(0x82, Buffer.from(name))]),
  ];
  return sequence(
    isVersion3,
    integer(1),
    ecdsaWithSha256,
    called,
    sequence(year(2020), year(until)),
    called,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(sequence(alternativeNames, der(0x04, sequence(...names))))),
  );
}

/** A self-signed certificate. */
export function selfSigned(wanted: Wanted): { readonly key: string; readonly cert: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = unsigned(publicKey, wanted);
  const signature = sign('sha256', body, privateKey);
  const certificate = sequence(body, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`,
  };
}
