import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A request as its sender wrote it, letter by letter: names and targets that no client would send. */
export type RawRequest = {
  readonly method: string;
  readonly target: string;
  /** In their order; a name may come twice. Letters above 255 go out as UTF-8. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array | undefined;
};

export type RawAnswer = { readonly status: number; readonly text: string };

/** Sends a request over a socket of its own, and reads what comes back. */
export async function rawCall(url: string, request: RawRequest): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(url);
  const { method, target, headers = [], body = '' } = request;
  const bytes = Buffer.from(body);
  const lines = [
    `${method} ${target} HTTP/1.1`,
    `host: ${host}`,
    'connection: close',
    ...(bytes.length > 0 ? [`content-length: ${bytes.length}`] : []),
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  const socket = connect(Number(port), hostname);
  // Not ended: a server takes that for somebody who has gone.
  socket.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), bytes]));
  const answer = String(await buffer(socket));
  const [, status = ''] = /^HTTP\/1\.1 (\d{3}) /.exec(answer) ?? [];
  return { status: Number(status), text: answer.slice(answer.indexOf('\r\n\r\n') + 4) };
}
